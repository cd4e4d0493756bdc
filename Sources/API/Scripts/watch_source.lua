-- watch source: put down that a page watches a data source, for a while.
--
-- The first watcher makes it due at once, unless what it said last is still fresh. So does a page that has nothing yet where
-- the last answer was a failure: what was wrong may be mended, and pauses after failures are long. Pollers, who rest while
-- nothing is due, are told whenever something is due sooner than they know.
--
-- KEYS[1]  due       ZSET  source id, scored by the Unix millisecond at which it is asked next; while it is asked, by
--                    that at which its poller counts as gone
-- KEYS[2]  source    HASH with TTL  spec, interval, fast_until, asked, task, again, version, state, answer; see DataSourceStore
-- KEYS[3]  watchers  ZSET with TTL  watcher, scored by the Unix millisecond until which that counts
-- KEYS[4]  own       ZSET with TTL  source id and watcher, of one person, scored likewise
-- ARGV[1]  id        the source
-- ARGV[2]  watcher   random text of the page's own
-- ARGV[3]  spec      JSON
-- ARGV[4]  interval  milliseconds between two questions
-- ARGV[5]  lease     milliseconds until the page must say it again
-- ARGV[6]  most own  sources that one person may watch
-- ARGV[7]  most      sources that all may watch together
-- ARGV[8]  now       1 when it is to be asked again at once
-- ARGV[9]  slack     milliseconds within which several such wishes are one
-- ARGV[10] known     version of the answer that the page has, or ""
-- ARGV[11] keep      milliseconds for which a source that nobody watches any more is remembered
-- ARGV[12] channel   where pollers listen
--
-- Returns  ["ok", version or "", state or "", the answer unless the page has it, or "", Unix millisecond of the question
--          it answers or ""], or ["own"] or ["all"] when there are too many.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local id, lease, member = ARGV[1], tonumber(ARGV[5]), ARGV[1] .. "|" .. ARGV[2]
local interval = tonumber(ARGV[4])

redis.call("ZREMRANGEBYSCORE", KEYS[4], "-inf", now)
if not redis.call("ZSCORE", KEYS[4], member) and redis.call("ZCARD", KEYS[4]) >= tonumber(ARGV[6]) then
    return { "own" }
end
local due = redis.call("ZSCORE", KEYS[1], id)
if not due and redis.call("ZCARD", KEYS[1]) >= tonumber(ARGV[7]) then return { "all" } end

redis.call("HSETNX", KEYS[2], "spec", ARGV[3])
redis.call("ZADD", KEYS[3], now + lease, ARGV[2])
redis.call("ZADD", KEYS[4], now + lease, member)
redis.call("PEXPIRE", KEYS[3], lease * 2)
redis.call("PEXPIRE", KEYS[4], lease * 2)
redis.call("PEXPIRE", KEYS[2], lease + ARGV[11])

-- Of several intervals the shortest counts, for as long as somebody asks for it.
local held = redis.call("HMGET", KEYS[2], "interval", "fast_until", "asked", "task", "version", "state")
local before, fast, asked, task = tonumber(held[1]), tonumber(held[2]) or 0, tonumber(held[3]), held[4]
if not before or interval <= before or now > fast then
    redis.call("HSET", KEYS[2], "interval", interval, "fast_until", now + lease)
else
    interval = before
end

if task then
    -- It is being asked; what is due then is that its poller is looked after.
    if ARGV[8] == "1" then redis.call("HSET", KEYS[2], "again", 1) end
    if not due then
        redis.call("ZADD", KEYS[1], now, id)
        redis.call("PUBLISH", ARGV[12], id)
    end
else
    -- When it is wanted at once, several wishes of one moment are one, and the last of them is not forgotten.
    local isWanted = ARGV[8] == "1" or (ARGV[10] == "" and held[6] == "error")
    local pause = isWanted and tonumber(ARGV[9]) or interval
    local next = asked and math.max(now, asked + pause) or now
    local isSooner = due and next < tonumber(due) and (isWanted or (before and interval < before))
    if not due or isSooner then
        redis.call("ZADD", KEYS[1], next, id)
        redis.call("PUBLISH", ARGV[12], id)
    end
end
local version = held[5] or ""
local answer = version ~= "" and version ~= ARGV[10] and redis.call("HGET", KEYS[2], "answer") or ""
return { "ok", version, held[6] or "", answer, held[3] or "" }

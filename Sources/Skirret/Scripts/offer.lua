-- offer: put messages whose tasks no worker of ours knows back into their queues, for Celery's workers that know them.
--
-- Next in line, and few at a time: whoever of us takes one that was meant for another puts it aside again, see shelve,
-- each time for longer.
--
-- KEYS[1]  waiting  HASH  task id -> JSON {why, …}, newline, message
-- KEYS[2]  names    ZSET  place, newline, time, newline, task id; see shelve
-- KEYS[3]  overdue  ZSET  task id, scored by the Unix millisecond of what happens next if nobody comes
-- KEYS[4]  offers   ZSET  task id, scored by the Unix millisecond at which it may be offered
-- KEYS[5]  paused   HASH  list that nothing is taken from -> Unix millisecond since when
-- KEYS[6]  telling  ZSET  task id, scored by the Unix millisecond until which it is left alone, see survey
-- ARGV[1]  most     how many messages at the most
-- ARGV[2]  offered  what stands before a task id in the name of the STRING that counts how often it was offered
-- ARGV[3]  places   how many of the next arguments are places that a Celery worker serves: queue and task name as JSON
--                   strings, a newline between
-- ARGV[4…] places, and then the task ids that the last call returned
--
-- Returns  [how many of those ids wait here again, task ids offered now, milliseconds until the next may be offered
--          or -1].
redis.call("HDEL", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local served, back, offered = {}, 0, {}
for i = 4, 3 + ARGV[3] do served[ARGV[i]] = true end
for i = 4 + ARGV[3], #ARGV do back = back + redis.call("HEXISTS", KEYS[1], ARGV[i]) end
for _, id in ipairs(redis.call("ZRANGEBYSCORE", KEYS[4], "-inf", now, "LIMIT", 0, 300)) do
    local held = redis.call("HGET", KEYS[1], id)
    local line = held and string.find(held, "\n", 1, true)
    local about = line and cjson.decode(string.sub(held, 1, line - 1))
    if not about or about.why ~= "unknown" then
        redis.call("ZREM", KEYS[4], id)
    elseif tonumber(redis.call("ZSCORE", KEYS[6], id) or 0) > now then
        redis.call("ZADD", KEYS[4], now + 100, id)
    elseif not served[about.place] or redis.call("HEXISTS", KEYS[5], about.list) == 1 then
        -- Out of the way of those that somebody takes.
        redis.call("ZADD", KEYS[4], now + 10000, id)
    elseif #offered < tonumber(ARGV[1]) then
        redis.call("INCR", ARGV[2] .. id)
        redis.call("EXPIRE", ARGV[2] .. id, 120)
        redis.call("HDEL", KEYS[1], id)
        redis.call("ZREM", KEYS[2], about.place .. "\n" .. string.format("%013.0f", about.since) .. "\n" .. id)
        redis.call("ZREM", KEYS[3], id)
        redis.call("ZREM", KEYS[4], id)
        redis.call("RPUSH", about.list, string.sub(held, line + 1))
        offered[#offered + 1] = id
    end
end
local first = redis.call("ZRANGE", KEYS[4], 0, 0, "WITHSCORES")
return { back, offered, first[2] and math.max(0, first[2] - now) or -1 }

-- limits: what admission, the end of a run and the keeper of limits have in common.
--
-- Not a script by itself: this text stands in front of those scripts. A limit is one sorted set of those who have a
-- place in it: the token of a run, or "~" and a task id for a place that is kept for a task whose turn has come. What
-- waits for a place lies in `waiting`, and its task id in the limit's own list, the first in line at the left.
--
--   limit               ZSET    token or "~task id", scored by the Unix millisecond of its coming
--   limit:waiting       LIST    task ids, first come, first served
--   limit:next          STRING  a rate's theoretical arrival time, Unix microseconds
--   waiting             HASH    task id -> JSON {why, limit, list, …}, newline, message
--   waiting:limits      ZSET    limit somebody waits for, scored by the Unix millisecond to look at it again
--   waiting:limits:about  HASH  limit -> "c <most>", or "r <microseconds between two> <microseconds of burst>"
--   waiting:limits:held   HASH  token -> the limits it has places in, a newline between
--
-- The functions take k = {waiting, leases, wake} and the time; an admission that finds a limit full asks, so that no
-- place is lost for ever to somebody who is gone.
--
-- Returns  nothing.
local limits = {}

-- Frees places of runs that are gone, and kept ones that nobody came for in ten seconds.
function limits.purge(limit, k, now)
    for _, member in ipairs(redis.call("ZRANGE", limit, 0, 31)) do
        local id = string.match(member, "^~(.*)")
        if id then
            local since = tonumber(redis.call("ZSCORE", limit, member))
            -- One that waits for another limit meanwhile keeps what it has.
            if since < now - 10000 and redis.call("HEXISTS", k.waiting, id) == 0 then redis.call("ZREM", limit, member) end
        elseif not redis.call("ZSCORE", k.leases, member) then
            redis.call("ZREM", limit, member)
        end
    end
end

-- How many may pass now, and after how many milliseconds to ask again.
function limits.room(limit, about, k, now, micros)
    local kind, first, second = string.match(about, "^(%a) (%d+) ?(%d*)$")
    if kind == "c" then
        local room = tonumber(first) - redis.call("ZCARD", limit)
        if room <= 0 then
            limits.purge(limit, k, now)
            room = tonumber(first) - redis.call("ZCARD", limit)
        end
        return room, 2000
    end
    local interval, burst = tonumber(first), tonumber(second)
    local ahead = math.max(tonumber(redis.call("GET", limit .. ":next") or 0) - micros, 0)
    if ahead > burst then return 0, math.ceil((ahead - burst) / 1000) end
    return math.floor((burst - ahead) / interval) + 1, math.ceil(interval / 1000)
end

-- Takes a place for a task.
function limits.take(limit, about, id, now, micros)
    redis.call("ZADD", limit, now, "~" .. id)
    redis.call("PEXPIRE", limit, 604800000)
    local interval = string.match(about, "^r (%d+)")
    if interval then
        local due = math.max(tonumber(redis.call("GET", limit .. ":next") or 0), micros) + interval
        local keep = math.ceil((due - micros) / 1000) + 1000
        redis.call("SET", limit .. ":next", string.format("%.0f", due), "PX", string.format("%.0f", keep))
    end
end

-- Gives the room there is to those who wait, and sees to it that somebody looks again if more do.
function limits.release(limit, about, k, now, micros)
    local room, pause = limits.room(limit, about, k, now, micros)
    local moved, looked = {}, 0
    while room > 0 and looked < 200 do
        local id = redis.call("LPOP", limit .. ":waiting")
        if not id then break end
        looked = looked + 1
        local held = redis.call("HGET", k.waiting, id)
        local line = held and string.find(held, "\n", 1, true)
        local why = line and cjson.decode(string.sub(held, 1, line - 1))
        -- What was revoked while it waited is not there any more.
        if why and why.limit == limit then
            redis.call("HDEL", k.waiting, id)
            limits.take(limit, about, id, now, micros)
            moved[#moved + 1] = { why.list, string.sub(held, line + 1) }
            room = room - 1
        end
    end
    -- Next in line of their queues, in their order.
    for i = #moved, 1, -1 do redis.call("RPUSH", moved[i][1], moved[i][2]) end
    if #moved > 0 then redis.call("PUBLISH", k.wake, "queued") end
    if redis.call("EXISTS", limit .. ":waiting") == 1 then
        if room > 0 then pause = 0 end
        redis.call("HSET", k.waiting .. ":limits:about", limit, about)
        redis.call("ZADD", k.waiting .. ":limits", now + pause, limit)
    else
        redis.call("HDEL", k.waiting .. ":limits:about", limit)
        redis.call("ZREM", k.waiting .. ":limits", limit)
    end
end

-- Frees the places of a run that ended, for the next in line.
function limits.leave(token, k, now, micros)
    local held = redis.call("HGET", k.waiting .. ":limits:held", token)
    if not held then return end
    redis.call("HDEL", k.waiting .. ":limits:held", token)
    for limit in string.gmatch(held, "[^\n]+") do
        redis.call("ZREM", limit, token)
        local about = redis.call("HGET", k.waiting .. ":limits:about", limit)
        if about then limits.release(limit, about, k, now, micros) end
    end
end

-- readmit: look at the limits whose time has come, and let those who wait pass where there is room.
--
-- The end of a run lets the next one pass by itself; this is for rates, which free with time, and for places that
-- were lost with somebody who is gone. Starts with limits.lua.
--
-- KEYS[1]  waiting  HASH  task id -> JSON {why, …}, newline, message; see limits for what belongs to it
-- KEYS[2]  leases   ZSET  token, scored by the Unix millisecond the lease ends
-- ARGV[1]  channel  where waiting workers hear of new messages
-- ARGV[2]  most     how many limits at the most, so that Redis is never held for long
--
-- Returns  milliseconds until the next one is to be looked at, or -1 when nobody waits.
redis.call("HDEL", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local micros = time[1] * 1000000 + time[2]
local index = KEYS[1] .. ":limits"
local k = { waiting = KEYS[1], leases = KEYS[2], wake = ARGV[1] }
for _, limit in ipairs(redis.call("ZRANGEBYSCORE", index, "-inf", now, "LIMIT", 0, ARGV[2])) do
    local about = redis.call("HGET", index .. ":about", limit)
    if about then
        limits.release(limit, about, k, now, micros)
    else
        redis.call("ZREM", index, limit)
    end
end
local first = redis.call("ZRANGE", index, 0, 0, "WITHSCORES")
return first[2] and math.max(0, first[2] - now) or -1

-- admit: let a claimed task run, or let it wait in line for the first limit that has no room.
--
-- Limits come in one order for all tasks, so that two that hold a place each never wait for one another. Starts with
-- limits.lua.
--
-- KEYS[1]  unacked        HASH  token -> JSON [envelope, exchange, routing key], kombu's
-- KEYS[2]  unacked_index  ZSET  token, scored by claim time, kombu's
-- KEYS[3]  leases         ZSET  token, scored by the Unix millisecond the lease ends
-- KEYS[4]  owners         HASH  token -> JSON, see claim
-- KEYS[5]  waiting        HASH  task id -> JSON {why, …}, newline, message
-- KEYS[6…] limits         ZSET  see limits
-- ARGV[1]  token
-- ARGV[2]  task id
-- ARGV[3]  channel        where waiting workers hear of changes
-- ARGV[4]  list           where the message came from, and goes back to
-- ARGV[5]  task name
-- ARGV[6]  message        the envelope, as it was claimed
-- ARGV[7…] about          "c <most>" or "r <interval> <burst>" for each limit, see limits
--
-- Returns  1 when it may run, 2 when it waits now, 0 when the claim was taken away.
redis.call("HDEL", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
if not redis.call("ZSCORE", KEYS[3], ARGV[1]) or redis.call("HEXISTS", KEYS[1], ARGV[1]) == 0 then return 0 end
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local micros = time[1] * 1000000 + time[2]
local k = { waiting = KEYS[5], leases = KEYS[3], wake = ARGV[3] }
local kept = "~" .. ARGV[2]

for i = 6, #KEYS do
    local limit, about = KEYS[i], ARGV[i + 1]
    -- A place of its own is there when its turn has come, and when this call is a repeated one.
    if not redis.call("ZSCORE", limit, kept) and not redis.call("ZSCORE", limit, ARGV[1]) then
        local line = limit .. ":waiting"
        if redis.call("EXISTS", line) == 1 then limits.release(limit, about, k, now, micros) end
        if redis.call("EXISTS", line) == 0 and limits.room(limit, about, k, now, micros) > 0 then
            limits.take(limit, about, ARGV[2], now, micros)
        else
            redis.call("HSET", KEYS[5], ARGV[2], cjson.encode({
                why = "limit", limit = limit, about = about, list = ARGV[4], name = ARGV[5], since = now,
            }) .. "\n" .. ARGV[6])
            redis.call("RPUSH", line, ARGV[2])
            limits.release(limit, about, k, now, micros)
            redis.call("HDEL", KEYS[1], ARGV[1])
            redis.call("ZREM", KEYS[2], ARGV[1])
            redis.call("ZREM", KEYS[3], ARGV[1])
            redis.call("HDEL", KEYS[4], ARGV[1])
            redis.call("PUBLISH", ARGV[3], "waiting")
            return 2
        end
    end
end

local held = {}
for i = 6, #KEYS do
    redis.call("ZREM", KEYS[i], kept)
    if string.sub(ARGV[i + 1], 1, 1) == "c" then
        redis.call("ZADD", KEYS[i], now, ARGV[1])
        redis.call("PEXPIRE", KEYS[i], 604800000)
        held[#held + 1] = KEYS[i]
    end
end
if #held > 0 then redis.call("HSET", KEYS[5] .. ":limits:held", ARGV[1], table.concat(held, "\n")) end
return 1

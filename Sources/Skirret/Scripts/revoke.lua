-- revoke: make it a durable fact that a task shall not run (on).
--
-- KEYS[1]  revoked    ZSET  task id, scored by the Unix millisecond of the request
-- KEYS[2]  cancelled  ZSET  the same, for tasks whose running body is to be stopped too
-- KEYS[3]  scheduled  ZSET  entry id, scored by the Unix millisecond it is due
-- KEYS[4]  messages   HASH  entry id -> queue key, newline, message
-- ARGV[1]  terminate  "1" to stop a running body as well
-- ARGV[2]  remember   milliseconds for which a revocation is remembered
-- ARGV[3]  keep       seconds for which the result is kept; 0: for ever
-- ARGV[4…] tasks      task id, result key, REVOKED result as JSON, …
--
-- Returns  how many tasks were waiting for their time and are revoked now for good.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now - ARGV[2])
local ended = 0
for i = 4, #ARGV, 3 do
    local task, key, json = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    redis.call("ZADD", KEYS[1], now, task)
    if ARGV[1] == "1" then redis.call("ZADD", KEYS[2], now, task) end
    if redis.call("ZREM", KEYS[3], task) == 1 then
        redis.call("HDEL", KEYS[4], task)
        ended = ended + 1
        redis.call("ZREM", KEYS[2], task)
        if ARGV[3] ~= "0" then redis.call("SETEX", key, ARGV[3], json) else redis.call("SET", key, json) end
        redis.call("PUBLISH", key, json)
    end
end
return ended

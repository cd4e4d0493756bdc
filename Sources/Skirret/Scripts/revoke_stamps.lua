-- revoke stamps: make it a durable fact that tasks with certain stamps shall not run.
--
-- KEYS[1]  stamps    ZSET  JSON [stamp name, value], scored by the Unix millisecond of the request
-- ARGV[1]  remember  milliseconds for which a revocation is remembered
-- ARGV[2]  most      how many are remembered; the oldest are forgotten first
-- ARGV[3…] members
--
-- Returns  how many are remembered now.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 3, #ARGV do redis.call("ZADD", KEYS[1], now, ARGV[i]) end
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now - ARGV[1])
redis.call("ZREMRANGEBYRANK", KEYS[1], 0, -1 - ARGV[2])
return redis.call("ZCARD", KEYS[1])

-- hold source: stay the poller of a data source that is being asked.
--
-- KEYS[1]  due     ZSET  source id, scored, while it is asked, by the Unix millisecond at which its poller counts as gone
-- KEYS[2]  source  HASH with TTL  see DataSourceStore
-- ARGV[1]  id      the source
-- ARGV[2]  token   of the claim
-- ARGV[3]  lease   milliseconds until another poller may take over
-- ARGV[4]  sent    1 when the task is on its way: whoever takes over must not send it again
-- ARGV[5]  keep    milliseconds for which the source is remembered at least
--
-- Returns  1, or 0 when another poller has taken over.
if redis.call("HGET", KEYS[2], "token") ~= ARGV[2] then return 0 end
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call("ZADD", KEYS[1], "XX", now + ARGV[3], ARGV[1])
if ARGV[4] == "1" then redis.call("HSET", KEYS[2], "sent", 1) end
if redis.call("PTTL", KEYS[2]) < tonumber(ARGV[5]) then redis.call("PEXPIRE", KEYS[2], ARGV[5]) end
return 1

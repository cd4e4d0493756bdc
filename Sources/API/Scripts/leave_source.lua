-- leave source: put down that a page watches a data source no more.
--
-- KEYS[1]  due       ZSET  source id, scored by the Unix millisecond at which it is asked next
-- KEYS[2]  source    HASH with TTL  see DataSourceStore
-- KEYS[3]  watchers  ZSET with TTL  watcher, scored by the Unix millisecond until which that counts
-- KEYS[4]  own       ZSET with TTL  source id and watcher, of one person, scored likewise
-- ARGV[1]  id        the source
-- ARGV[2]  watcher   random text of the page's own
--
-- Returns  how many watch it now.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- Only what this person watches: nobody can end the watch of another.
if redis.call("ZREM", KEYS[4], ARGV[1] .. "|" .. ARGV[2]) == 1 then redis.call("ZREM", KEYS[3], ARGV[2]) end
redis.call("ZREMRANGEBYSCORE", KEYS[3], "-inf", now)
local left = redis.call("ZCARD", KEYS[3])
-- A question that is on its way ends by itself.
if left == 0 and redis.call("HEXISTS", KEYS[2], "task") == 0 then redis.call("ZREM", KEYS[1], ARGV[1]) end
return left

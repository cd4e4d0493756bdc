-- claim source: let one poller ask a data source that is due.
--
-- Whoever takes over from a poller that is gone waits for the task it has sent instead of sending another: a source is
-- never asked twice at a time.
--
-- KEYS[1]  due       ZSET  source id, scored by the Unix millisecond at which it is asked next; while it is asked, by
--                    that at which its poller counts as gone
-- KEYS[2]  source    HASH with TTL  see DataSourceStore
-- KEYS[3]  watchers  ZSET with TTL  watcher, scored by the Unix millisecond until which that counts
-- ARGV[1]  id        the source
-- ARGV[2]  token     of this claim
-- ARGV[3]  lease     milliseconds until another poller may take over
-- ARGV[4]  task      the id of the task that will ask
-- ARGV[5]  keep      milliseconds for which the answer is remembered at least
--
-- Returns  [spec, task id, 1 when that task was sent by another poller already], or false when it is not due, is asked by
--          another poller, or nobody watches it any more, in which case it is due no more.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = redis.call("ZSCORE", KEYS[1], ARGV[1])
if not due or tonumber(due) > now then return false end
redis.call("ZREMRANGEBYSCORE", KEYS[3], "-inf", now)
local held = redis.call("HMGET", KEYS[2], "spec", "task", "sent")
if not held[1] or (redis.call("ZCARD", KEYS[3]) == 0 and not held[2]) then
    redis.call("ZREM", KEYS[1], ARGV[1])
    return false
end
redis.call("ZADD", KEYS[1], now + ARGV[3], ARGV[1])
redis.call("HSET", KEYS[2], "token", ARGV[2])
if not held[2] then redis.call("HSET", KEYS[2], "task", ARGV[4], "asked", now) end
if redis.call("PTTL", KEYS[2]) < tonumber(ARGV[5]) then redis.call("PEXPIRE", KEYS[2], ARGV[5]) end
return { held[1], held[2] or ARGV[4], held[3] and 1 or 0 }

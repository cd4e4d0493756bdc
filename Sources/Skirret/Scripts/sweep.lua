-- sweep: find the leases that ran out, and forget the workers that are gone.
--
-- A stall of Redis itself must not look like the death of everybody: when the
-- last sweep was longer ago than a lease, nobody could have renewed in between,
-- so overdue leases are extended once instead of taken.
--
-- KEYS[1]  leases         ZSET  token, scored by the Unix millisecond the lease ends
-- KEYS[2]  swept          STRING  Unix millisecond of the last sweep
-- KEYS[3]  workers        ZSET  node name, scored by the Unix millisecond it counts as gone
-- KEYS[4]  descriptions   HASH  node name -> JSON
-- KEYS[5]  cancelled      ZSET  task id, scored by the Unix millisecond of the request
-- ARGV[1]  lease          milliseconds
-- ARGV[2]  most           how many expired tokens at the most
-- ARGV[3]  remember       milliseconds for which a cancellation is remembered
--
-- Returns  [expired tokens], to be given to restore.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call("GET", KEYS[2]) or now)
redis.call("SET", KEYS[2], now)
local expired = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now, "LIMIT", 0, ARGV[2])
if now - last > tonumber(ARGV[1]) and #expired > 0 and redis.call("ZCARD", KEYS[3]) > 0 then
    for _, token in ipairs(expired) do redis.call("ZADD", KEYS[1], now + ARGV[1], token) end
    return {}
end
for _, node in ipairs(redis.call("ZRANGEBYSCORE", KEYS[3], "-inf", now, "LIMIT", 0, 100)) do
    redis.call("ZREM", KEYS[3], node)
    redis.call("HDEL", KEYS[4], node)
end
redis.call("ZREMRANGEBYSCORE", KEYS[5], "-inf", now - ARGV[3])
return expired

-- report: store how far a run is, unless the claim it runs under was taken away.
--
-- KEYS[1]  leases   ZSET  token, scored by the Unix millisecond the lease ends
-- KEYS[2]  report   STRING  the task's result key, or its progress key
-- KEYS[3]  unacked  HASH  token -> JSON [envelope, exchange, routing key], kombu's
-- ARGV[1]  token    "" when the message was acknowledged early: then nothing fences
-- ARGV[2]  value    JSON
-- ARGV[3]  keep     seconds; 0: for ever
-- ARGV[4]  result   "1" for a result: published as well, and never put over a stored SUCCESS
--
-- Returns  1 when stored, 0 when not.
local token = ARGV[1]
if token ~= "" and not (redis.call("ZSCORE", KEYS[1], token) and redis.call("HEXISTS", KEYS[3], token) == 1) then
    return 0
end
if ARGV[4] == "1" then
    local stored = redis.call("GET", KEYS[2])
    if stored and results.stays(KEYS[2], stored, ARGV[2]) then return 0 end
    redis.call("PUBLISH", KEYS[2], ARGV[2])
end
if ARGV[3] ~= "0" then redis.call("SETEX", KEYS[2], ARGV[3], ARGV[2]) else redis.call("SET", KEYS[2], ARGV[2]) end
return 1

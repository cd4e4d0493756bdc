-- schedule set: keep a schedule, new or changed, and tell the beats.
--
-- KEYS[1]  schedules  HASH  name -> JSON definition
-- KEYS[2]  disabled   SET   names of those that are switched off
-- KEYS[3]  version    STRING  grows with every change
-- ARGV[1]  name
-- ARGV[2]  definition JSON; "" leaves it as it is
-- ARGV[3]  enabled    "1" or "0"
-- ARGV[4]  channel    where beats hear of it
--
-- Returns  1 when there was one of that name, 0 when it is new, -1 when there is none and no definition came.
local was = redis.call("HEXISTS", KEYS[1], ARGV[1])
if ARGV[2] ~= "" then
    redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
elseif was == 0 then
    return -1
end
redis.call(ARGV[3] == "1" and "SREM" or "SADD", KEYS[2], ARGV[1])
redis.call("INCR", KEYS[3])
redis.call("PUBLISH", ARGV[4], "changed")
return was

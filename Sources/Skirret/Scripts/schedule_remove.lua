-- schedule remove: forget a schedule, and tell the beats.
--
-- KEYS[1]  schedules  HASH  name -> JSON definition
-- KEYS[2]  disabled   SET   names of those that are switched off
-- KEYS[3]  version    STRING  grows with every change
-- ARGV[1]  name
-- ARGV[2]  channel    where beats hear of it
--
-- Returns  1 when there was one of that name, 0 when there was none.
if redis.call("HDEL", KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call("SREM", KEYS[2], ARGV[1])
redis.call("INCR", KEYS[3])
redis.call("PUBLISH", ARGV[2], "changed")
return 1

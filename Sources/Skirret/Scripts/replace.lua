-- replace: store a result in the place of another one, if that still stands there.
--
-- For results whose states the scripts cannot read, see results.
--
-- KEYS[1]  result    STRING
-- ARGV[1]  present   what must stand there
-- ARGV[2]  result    what is to stand there; published as well
-- ARGV[3]  keep      seconds; 0: for ever
--
-- Returns  1 when it stands there now, 0 when something else had taken the place.
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] ~= "0" then redis.call("SETEX", KEYS[1], ARGV[3], ARGV[2]) else redis.call("SET", KEYS[1], ARGV[2]) end
redis.call("PUBLISH", KEYS[1], ARGV[2])
return 1

-- lead: become the leader, or stay it.
--
-- KEYS[1]  leader  STRING with TTL  the beat that leads
-- KEYS[2]  term    STRING  grows with every change of leader; fences the old one off
-- ARGV[1]  name    this beat
-- ARGV[2]  lease   milliseconds
-- ARGV[3]  term    the term this beat believes in, or ""
--
-- Returns  the term when this beat leads, 0 when another does.
local leader = redis.call("GET", KEYS[1])
if leader == ARGV[1] and redis.call("GET", KEYS[2]) == ARGV[3] then
    redis.call("PEXPIRE", KEYS[1], ARGV[2])
    return tonumber(ARGV[3])
end
if leader and leader ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return redis.call("INCR", KEYS[2])

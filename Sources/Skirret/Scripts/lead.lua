-- lead: become the leader, or stay it.
--
-- KEYS[1]  leader  STRING with TTL  the beat that leads
-- KEYS[2]  term    STRING  grows with every change of leader; fences the old one off
-- ARGV[1]  name    this beat
-- ARGV[2]  lease   milliseconds
-- ARGV[3]  term    the term this beat believes in, or ""
--
-- Returns  [the term when this beat leads, or 0 when another does; now in Unix milliseconds]. Beats go by
--          Redis's clock, so that a step of their own neither loses nor doubles a firing.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local leader = redis.call("GET", KEYS[1])
if leader == ARGV[1] and redis.call("GET", KEYS[2]) == ARGV[3] then
    redis.call("PEXPIRE", KEYS[1], ARGV[2])
    return { tonumber(ARGV[3]), now }
end
if leader and leader ~= ARGV[1] then return { 0, now } end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return { redis.call("INCR", KEYS[2]), now }

-- lead: become the leader, or stay it.
--
-- KEYS[1]  leader  STRING with TTL  the beat that leads
-- KEYS[2]  term    STRING  grows with every change of leader; fences the old one off
-- KEYS[3]  looked  STRING  Unix millisecond of a leader's last look at the schedules
-- ARGV[1]  name    this beat
-- ARGV[2]  lease   milliseconds
-- ARGV[3]  term    the term this beat believes in, or ""
-- ARGV[4]  looked  Unix millisecond up to which this leader has fired all that was due, or ""
--
-- Returns  [the term when this beat leads, or 0 when another does; now in Unix milliseconds; when a leader last
--          looked, or false]. Beats go by Redis's clock, so that a step of their own neither loses nor doubles a
--          firing.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local leader = redis.call("GET", KEYS[1])
if leader == ARGV[1] and redis.call("GET", KEYS[2]) == ARGV[3] then
    redis.call("PEXPIRE", KEYS[1], ARGV[2])
    if ARGV[4] ~= "" then redis.call("SET", KEYS[3], ARGV[4]) end
    return { tonumber(ARGV[3]), now, redis.call("GET", KEYS[3]) }
end
if leader and leader ~= ARGV[1] then return { 0, now, false } end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return { redis.call("INCR", KEYS[2]), now, redis.call("GET", KEYS[3]) }

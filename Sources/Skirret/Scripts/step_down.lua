-- step down: give the lead up, so that another beat leads at once.
--
-- KEYS[1]  leader   STRING with TTL  the beat that leads
-- KEYS[2]  looked   STRING  Unix millisecond of a leader's last look at the schedules
-- ARGV[1]  name     this beat
-- ARGV[2]  looked   Unix millisecond up to which this leader has fired all that was due, or ""
-- ARGV[3]  channel  where the other beats hear of it
--
-- Returns  1 when it led, 0 when it did not.
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] ~= "" then redis.call("SET", KEYS[2], ARGV[2]) end
redis.call("DEL", KEYS[1])
redis.call("PUBLISH", ARGV[3], "free")
return 1

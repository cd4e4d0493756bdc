-- step down: give the lead up, so that another beat leads at once.
--
-- KEYS[1]  leader  STRING with TTL  the beat that leads
-- ARGV[1]  name    this beat
--
-- Returns  1 when it led, 0 when it did not.
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("DEL", KEYS[1])

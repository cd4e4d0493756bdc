-- spend_refresh: note that a refresh token was used, unless a later one of its session was used before.
--
-- One atomic step, because of two requests with an old and a new token at the same instant one must lose.
--
-- KEYS[1]  session   HASH  owner, stamp, turn: the latest turn that was used
-- ARGV[1]  turn      whole number: which refresh token of the session this is
-- ARGV[2]  seconds   how long the session lasts from now
--
-- Returns  "spent"; "reused" when a later turn was used before; "unknown" when there is no such session.
local used = redis.call("HMGET", KEYS[1], "owner", "turn")
if not used[1] then return "unknown" end
if tonumber(ARGV[1]) < tonumber(used[2] or "0") then return "reused" end
redis.call("HSET", KEYS[1], "turn", ARGV[1])
redis.call("EXPIRE", KEYS[1], ARGV[2])
return "spent"

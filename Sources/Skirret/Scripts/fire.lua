-- fire: enqueue one firing of a schedule, once, and only for the leader of this term.
--
-- KEYS[1]  fired      STRING  the fire key "schedule@due": a second firing finds it
-- KEYS[2]  term       STRING  the current leader's term
-- KEYS[3]  queue      LIST  one queue at one priority step; oldest at the right
-- KEYS[4]  binding    SET   kombu's table of the queue's own exchange
-- KEYS[5]  permanent  SET   kombu's table of bindings that a sweep must keep
-- ARGV[1]  term       ours
-- ARGV[2]  message    the envelope, as it goes on the wire
-- ARGV[3]  member     the binding's member, kombu's format
-- ARGV[4]  channel    where waiting workers hear of it
-- ARGV[5]  remember   seconds for which the fire key is kept
--
-- Returns  1 when fired, 0 when it had been, -1 when somebody else leads.
if redis.call("GET", KEYS[2]) ~= ARGV[1] then return -1 end
if not redis.call("SET", KEYS[1], ARGV[1], "NX", "EX", ARGV[5]) then return 0 end
redis.call("SADD", KEYS[4], ARGV[3])
redis.call("SADD", KEYS[5], ARGV[3])
redis.call("LPUSH", KEYS[3], ARGV[2])
redis.call("PUBLISH", ARGV[4], "queued")
return 1

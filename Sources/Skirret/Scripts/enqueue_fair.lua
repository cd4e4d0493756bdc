-- enqueue fair: put one message behind those of its own fair key, once.
--
-- From there messages are dealt into the queue in turn, see deal: a key with many of them does not hold up one with
-- few.
--
-- KEYS[1]  queue      LIST  one queue at one priority step; oldest at the right
-- KEYS[2]  marker     STRING  present while a repeat of this very call may come
-- KEYS[3]  binding    SET   kombu's table of the queue's own exchange
-- KEYS[4]  permanent  SET   kombu's table of bindings that a sweep must keep
-- KEYS[5]  fair       HASH  queue -> how many of its messages wait to be dealt
-- KEYS[6]  ring       LIST  the fair keys that have messages, whose turn it is at the left
-- KEYS[7]  hand       LIST  messages of one fair key, oldest at the right
-- KEYS[8]  weights    HASH  fair key -> messages a turn, where that is not one
-- ARGV[1]  message    the envelope, as it goes on the wire
-- ARGV[2]  repeat     seconds for which a repeat is recognised
-- ARGV[3]  member     the binding's member, kombu's format
-- ARGV[4]  channel    where waiting workers hear of it
-- ARGV[5]  fair key
-- ARGV[6]  weight     messages a turn, a whole number
--
-- Returns  1 when the message was accepted now, 0 when it had been before.
if not redis.call("SET", KEYS[2], "1", "NX", "EX", ARGV[2]) then return 0 end
redis.call("SADD", KEYS[3], ARGV[3])
redis.call("SADD", KEYS[4], ARGV[3])
if redis.call("LPUSH", KEYS[7], ARGV[1]) == 1 then redis.call("RPUSH", KEYS[6], ARGV[5]) end
if ARGV[6] == "1" then redis.call("HDEL", KEYS[8], ARGV[5]) else redis.call("HSET", KEYS[8], ARGV[5], ARGV[6]) end
redis.call("HINCRBY", KEYS[5], KEYS[1], 1)
redis.call("PUBLISH", ARGV[4], "fair")
return 1

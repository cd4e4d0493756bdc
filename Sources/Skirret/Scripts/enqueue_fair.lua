-- enqueue fair: put one message behind those of its own fair key, once.
--
-- From there messages are dealt into the queue in turn, see deal: a key with many of them does not hold up one with
-- few.
--
-- KEYS[1]  queue      LIST  one queue at one priority step; oldest at the right
-- KEYS[2]  marker     STRING  present while a repeat of this very call may come
-- KEYS[3]  fair       HASH  queue -> how many of its messages wait to be dealt
-- KEYS[4]  ring       LIST  the fair keys that have messages, whose turn it is at the left
-- KEYS[5]  hand       LIST  messages of one fair key, oldest at the right
-- KEYS[6]  weights    HASH  fair key -> messages a turn, where that is not one
-- ARGV[1]  message    the envelope, as it goes on the wire
-- ARGV[2]  repeat     seconds for which a repeat is recognised
-- ARGV[3]  channel    where waiting workers hear of it
-- ARGV[4]  fair key
-- ARGV[5]  weight     messages a turn, a whole number
--
-- Returns  1 when the message was accepted now, 0 when it had been before.
if not redis.call("SET", KEYS[2], "1", "NX", "EX", ARGV[2]) then return 0 end
if redis.call("LPUSH", KEYS[5], ARGV[1]) == 1 then redis.call("RPUSH", KEYS[4], ARGV[4]) end
if ARGV[5] == "1" then redis.call("HDEL", KEYS[6], ARGV[4]) else redis.call("HSET", KEYS[6], ARGV[4], ARGV[5]) end
redis.call("HINCRBY", KEYS[3], KEYS[1], 1)
redis.call("PUBLISH", ARGV[3], "fair")
return 1

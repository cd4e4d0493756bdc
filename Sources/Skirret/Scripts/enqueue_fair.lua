-- enqueue fair: put one message behind those of its own fair key, once.
--
-- From there messages are dealt into the queue in turn, see deal: a key with many of them does not hold up one with
-- few.
--
-- KEYS[1]  queue      LIST  one queue at one priority step; oldest at the right
-- KEYS[2]  marker     STRING  present while a repeat of this very call may come
-- KEYS[3]  fair       HASH  queue -> how many of its messages wait to be dealt; see fair, which stands in front
-- KEYS[4]  binding    SET  kombu's table of the queue's own exchange
-- ARGV[1]  message    the envelope, as it goes on the wire
-- ARGV[2]  repeat     seconds for which a repeat is recognised
-- ARGV[3]  channel    where waiting workers hear of it
-- ARGV[4]  fair key
-- ARGV[5]  weight     messages a turn, a whole number
--
-- Returns  1 when the message was accepted now, 0 when it had been before; 2 when it was accepted by a Redis that was
--          emptied, see enqueue.
if not redis.call("SET", KEYS[2], "1", "NX", "EX", ARGV[2]) then return 0 end
local isFirst = fair.push(KEYS[3], KEYS[1], ARGV[4], ARGV[5], { ARGV[1] })
redis.call("PUBLISH", ARGV[3], "fair")
return isFirst and redis.call("EXISTS", KEYS[4]) == 0 and 2 or 1

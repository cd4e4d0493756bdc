-- reply: hand one answer to a remote control client, if it still waits.
--
-- A client that left removed its binding; a reply pushed all the same would lie
-- there for ever (gigabytes have been seen). One that leaves without reading is
-- forgotten after `keep`.
--
-- KEYS[1]  binding  SET   kombu's table of the reply exchange: `routing key ␆␖ pattern ␆␖ queue`
-- KEYS[2]  replies  LIST  the client's replies, newest at the left
-- ARGV[1]  member   the client's binding
-- ARGV[2]  reply    the envelope
-- ARGV[3]  keep     seconds
-- ARGV[4]  most     replies that wait at the most: nobody asks so many workers and reads none
--
-- Returns  1 when the reply was pushed, 0 when nobody waits for it.
if redis.call("SISMEMBER", KEYS[1], ARGV[1]) == 0 then return 0 end
if redis.call("LLEN", KEYS[2]) >= tonumber(ARGV[4]) then return 0 end
redis.call("LPUSH", KEYS[2], ARGV[2])
redis.call("EXPIRE", KEYS[2], ARGV[3])
return 1

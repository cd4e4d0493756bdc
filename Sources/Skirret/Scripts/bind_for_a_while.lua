-- bind for a while: bind a queue that expires, as kombu does for control and reply queues.
--
-- Not in the permanent set: a sweep of kombu's may drop the table when its deadline has passed.
--
-- KEYS[1]  binding    SET   kombu's table of the exchange
-- KEYS[2]  deadlines  ZSET  exchange, scored by the Unix millisecond after which its table may be swept
-- ARGV[1]  member     `routing key ␆␖ pattern ␆␖ queue`
-- ARGV[2]  exchange
-- ARGV[3]  keep       milliseconds; an hour is kombu's least
--
-- Returns  1 when the binding is new.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call("ZADD", KEYS[2], "GT", now + ARGV[3], ARGV[2])
return redis.call("SADD", KEYS[1], ARGV[1])

-- enqueue: put one message where it belongs, once.
--
-- A producer whose answer was lost repeats the call with the same marker, and
-- nothing happens the second time. The queue's bindings are declared apart from
-- this, once in a while instead of with each message.
--
-- KEYS[1]  queue      LIST  one queue at one priority step; oldest at the right
-- KEYS[2]  marker     STRING  present while a repeat of this very call may come
-- KEYS[3]  scheduled  ZSET  entry id, scored by the Unix millisecond it is due
-- KEYS[4]  messages   HASH  entry id -> queue key, newline, message
-- KEYS[5]  binding    SET  kombu's table of the queue's own exchange
-- ARGV[1]  message    the envelope, as it goes on the wire
-- ARGV[2]  entry id   the task id
-- ARGV[3]  delay      milliseconds from now; zero puts it in the queue at once
-- ARGV[4]  repeat     seconds for which a repeat is recognised
-- ARGV[5]  channel    where it is told: of a message in the queue, workers that do not block on that list; of a
--                     scheduled one that is due before all others, all workers
--
-- Returns  1 when the message was accepted now, 0 when it had been before; 2 when it was accepted by a Redis that was
--          emptied: the queue is to be declared anew. Only where nothing lay before, that is looked at.
if not redis.call("SET", KEYS[2], "1", "NX", "EX", ARGV[4]) then return 0 end
local delay = tonumber(ARGV[3])
if delay <= 0 then
    local pushed = redis.pcall("LPUSH", KEYS[1], ARGV[1])
    if type(pushed) == "table" then
        redis.call("DEL", KEYS[2]) -- no list lies under the queue's name: the next try must not count as a repeat
        return pushed
    end
    redis.call("PUBLISH", ARGV[5], "queued")
    return pushed == 1 and redis.call("EXISTS", KEYS[5]) == 0 and 2 or 1
end
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call("HSET", KEYS[4], ARGV[2], KEYS[1] .. "\n" .. ARGV[1])
redis.call("ZADD", KEYS[3], now + delay, ARGV[2])
-- Only what is due first changes when workers have to look again.
if redis.call("ZRANGE", KEYS[3], 0, 0)[1] ~= ARGV[2] then return 1 end
redis.call("PUBLISH", ARGV[5], "scheduled")
return redis.call("EXISTS", KEYS[5]) == 0 and 2 or 1

-- batch add: put the messages of a batch where they belong, and remember that the batch waits for them.
--
-- One step, so that a producer that dies leaves no batch waiting for a message that was never sent. Repeated after a
-- lost answer it changes nothing.
--
-- KEYS[1]  batch      HASH  see batch
-- KEYS[2]  open       SET   ids of the batch's tasks that are not over
-- KEYS[3]  scheduled  ZSET  entry id, scored by the Unix millisecond it is due
-- KEYS[4]  messages   HASH  entry id -> queue key, newline, message
-- KEYS[5]  fair       HASH  queue -> how many of its messages wait to be dealt; see fair, which stands in front
-- ARGV[1]  channel    where waiting workers hear of new messages
-- ARGV[2]  keep       seconds for which a batch is remembered after the last change
-- ARGV[3…] tasks      queue key, kombu's table of the queue's own exchange, task id, milliseconds from now, message, …
--
-- Returns  1 when the batch has them now; 2 when a Redis that was emptied took them, see enqueue; -1 when the batch is
--          over and takes no more.
if redis.call("HEXISTS", KEYS[1], "done") == 1 then return -1 end
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local isAnyDealt, isBare = false, false
for i = 3, #ARGV, 5 do
    local queue, id, delay, message = ARGV[i], ARGV[i + 2], tonumber(ARGV[i + 3]), ARGV[i + 4]
    -- A task that is over is no longer open, but its batch knows it: the call is a repeat.
    if redis.call("HSETNX", KEYS[1], "task:" .. id, "1") == 1 then
        redis.call("SADD", KEYS[2], id)
        redis.call("HINCRBY", KEYS[1], "total", 1)
        local isDealt, isFirst
        if delay > 0 then
            redis.call("HSET", KEYS[4], id, queue .. "\n" .. message)
            redis.call("ZADD", KEYS[3], now + delay, id)
            isFirst = redis.call("ZCARD", KEYS[3]) == 1
        else
            isDealt, isFirst = fair.put(KEYS[5], queue, message)
        end
        isAnyDealt = isAnyDealt or isDealt
        isBare = isBare or isFirst and redis.call("EXISTS", ARGV[i + 1]) == 0
    end
end
redis.call("EXPIRE", KEYS[1], ARGV[2])
redis.call("EXPIRE", KEYS[2], ARGV[2])
redis.call("PUBLISH", ARGV[1], "scheduled")
if isAnyDealt then redis.call("PUBLISH", ARGV[1], "fair") end
return isBare and 2 or 1

-- enqueue unique: put a message where it belongs, unless an equal one is on its way.
--
-- The key holds the task id that stands for all equal calls. A worker releases it when that task begins or is over;
-- it expires by itself where nobody does.
--
-- KEYS[1]  queue      LIST  one queue at one priority step; oldest at the right
-- KEYS[2]  unique     STRING with TTL  task id that stands for all equal calls
-- KEYS[3]  scheduled  ZSET  entry id, scored by the Unix millisecond it is due
-- KEYS[4]  messages   HASH  entry id -> queue key, newline, message
-- KEYS[5]  revoked    ZSET  task id, scored by the Unix millisecond of the request
-- KEYS[6]  fair       HASH  queue -> how many of its messages wait to be dealt; see fair, which stands in front
-- KEYS[7]  binding    SET  kombu's table of the queue's own exchange
-- ARGV[1]  message    the envelope, as it goes on the wire
-- ARGV[2]  task id
-- ARGV[3]  delay      milliseconds from now; zero puts it in the queue at once
-- ARGV[4]  lifetime   milliseconds after which the key is free in any case
-- ARGV[5]  channel    where waiting workers hear of it
-- ARGV[6]  mode       "keep": an equal call stands. "replace": this message has the id of an equal call that waits for
--                     its time; it takes its place and waits anew. "follow": an equal call is past waiting; this one
--                     comes after it and stands for those to come.
--
-- Returns  [the id of the task that stands for the call: ARGV[2] when the message was taken (or had been, when this is
--          the repeat of a call whose answer was lost), else that of an equal call; "" when there is nothing to replace,
--          1 when it was taken by a Redis that was emptied, see enqueue, else 0].
local id, mode = ARGV[2], ARGV[6]
local holder = redis.call("GET", KEYS[2])
-- A task that was revoked stands for nobody.
if holder and holder ~= id and redis.call("ZSCORE", KEYS[5], holder) then holder = false end
if holder and holder ~= id and mode ~= "follow" then return { holder, 0 } end
local waits = redis.call("ZSCORE", KEYS[3], id)
if mode == "replace" then
    if holder ~= id or not waits then return { "", 0 } end
elseif holder == id then
    return { id, 0 }
end

local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call("SET", KEYS[2], id, "PX", ARGV[4])
local delay, isFirst = tonumber(ARGV[3]), false
if delay > 0 then
    redis.call("HSET", KEYS[4], id, KEYS[1] .. "\n" .. ARGV[1])
    redis.call("ZADD", KEYS[3], now + delay, id)
    -- Only what is due first changes when workers have to look again.
    isFirst = redis.call("ZRANGE", KEYS[3], 0, 0)[1] == id
    if isFirst then redis.call("PUBLISH", ARGV[5], "scheduled") end
else
    local isDealt
    isDealt, isFirst = fair.put(KEYS[6], KEYS[1], ARGV[1])
    redis.call("PUBLISH", ARGV[5], isDealt and "fair" or "queued")
end
return { id, isFirst and redis.call("EXISTS", KEYS[7]) == 0 and 1 or 0 }

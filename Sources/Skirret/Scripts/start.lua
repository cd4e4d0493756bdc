-- start: put the messages of one call where they belong, all of them, once.
--
-- For canvases and for exchanges that reach several queues. A producer whose answer was lost
-- repeats the call with the same marker, and nothing happens the second time.
--
-- KEYS[1]  marker     STRING  present while a repeat of this very call may come
-- KEYS[2]  scheduled  ZSET  entry id, scored by the Unix millisecond it is due
-- KEYS[3]  messages   HASH  entry id -> queue key, newline, message
-- KEYS[4]  fair       HASH  queue -> how many of its messages wait to be dealt; see fair, which stands in front
-- ARGV[1]  repeat     seconds for which a repeat is recognised
-- ARGV[2]  channel    where waiting workers hear of new messages
-- ARGV[3]  keep       seconds for which a chord's keys are kept
-- ARGV[4]  chords     how many pairs follow: base key, how many parts; "+1" adds one to a chord that runs
-- …        groups     how many pairs follow: base key, JSON of the saved group
-- …        bindings   how many groups of three follow: binding key, permanent binding key, kombu's member
-- …        messages   how many groups of four follow: queue key, entry id, due, message;
--                     due is "0" for now, "+n" for n milliseconds from now, else a Unix millisecond
--
-- Returns  1 when the messages were accepted now, 0 when they had been before; 2 when they were accepted by a Redis that
--          was emptied: the queues are to be declared anew.
if not redis.call("SET", KEYS[1], "1", "NX", "EX", ARGV[1]) then return 0 end
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local at, isBare, isDealt = 4, false, false
local function take()
    at = at + 1
    return ARGV[at - 1]
end
for _ = 1, tonumber(take()) do
    local base, size = take(), take()
    if string.sub(size, 1, 1) == "+" then
        redis.call("INCRBY", base .. ".t", string.sub(size, 2))
        redis.call("EXPIRE", base .. ".t", ARGV[3])
    else
        redis.call("DEL", base .. ".c")
        redis.call("SET", base .. ".s", size, "EX", ARGV[3])
    end
end
for _ = 1, tonumber(take()) do redis.call("SET", take(), take(), "EX", ARGV[3]) end
for _ = 1, tonumber(take()) do
    local binding, permanent, member = take(), take(), take()
    isBare = redis.call("SADD", binding, member) == 1 or isBare
    redis.call("SADD", permanent, member)
end
for _ = 1, tonumber(take()) do
    local queue, entry, due, message = take(), take(), take(), take()
    if due == "0" then
        isDealt = fair.put(KEYS[4], queue, message) or isDealt
    else
        if string.sub(due, 1, 1) == "+" then due = now + tonumber(due) end
        redis.call("HSET", KEYS[3], entry, queue .. "\n" .. message)
        redis.call("ZADD", KEYS[2], due, entry)
    end
end
-- One word for both: whoever hears it looks into the queues and at what is scheduled.
redis.call("PUBLISH", ARGV[2], "scheduled")
if isDealt then redis.call("PUBLISH", ARGV[2], "fair") end
return isBare and 2 or 1

-- replay: send dead letters again, each once.
--
-- Next in line, the oldest letter first if they are given newest first; or later, so that
-- many of them do not fall on the workers at once.
--
-- KEYS[1]  dead       ZSET  dead letter id, scored by Unix milliseconds
-- KEYS[2]  letters    HASH  dead letter id -> JSON {reason, …}, newline, message
-- KEYS[3]  untold     ZSET  dead letter id; see retell. Who waits is told by the new run now
-- KEYS[4]  untold letters  HASH  dead letter id -> as in letters
-- KEYS[5]  scheduled  ZSET  entry id, scored by the Unix millisecond it is due
-- KEYS[6]  messages   HASH  entry id -> queue key, newline, message
-- ARGV[1]  channel    where waiting workers hear of new messages
-- ARGV[2…] letters    dead letter id, queue key, milliseconds from now or "0", message, …
--
-- Returns  how many were still there and are on their way now.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local sent, isLater = 0, false
for i = 2, #ARGV, 4 do
    local id, list, wait, message = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
    if redis.call("ZREM", KEYS[1], id) == 1 then
        redis.call("HDEL", KEYS[2], id)
        redis.call("ZREM", KEYS[3], id)
        redis.call("HDEL", KEYS[4], id)
        if wait > 0 then
            redis.call("HSET", KEYS[6], id, list .. "\n" .. message)
            redis.call("ZADD", KEYS[5], now + wait, id)
            isLater = true
        else
            redis.call("RPUSH", list, message)
        end
        sent = sent + 1
    end
end
if sent > 0 then redis.call("PUBLISH", ARGV[1], "queued") end
if isLater then redis.call("PUBLISH", ARGV[1], "scheduled") end
return sent

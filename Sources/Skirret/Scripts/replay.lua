-- replay: send dead letters again, each once.
--
-- Next in line, the oldest letter first if they are given newest first.
--
-- KEYS[1]  dead       ZSET  dead letter id, scored by Unix milliseconds
-- KEYS[2]  letters    HASH  dead letter id -> JSON {reason, …}, newline, message
-- KEYS[3]  untold     ZSET  dead letter id; see retell. Who waits is told by the new run now
-- KEYS[4]  untold letters  HASH  dead letter id -> as in letters
-- ARGV[1]  channel    where waiting workers hear of new messages
-- ARGV[2…] letters    dead letter id, queue key, message, …
--
-- Returns  how many were still there and are in their queues now.
local sent = 0
for i = 2, #ARGV, 3 do
    if redis.call("ZREM", KEYS[1], ARGV[i]) == 1 then
        redis.call("HDEL", KEYS[2], ARGV[i])
        redis.call("ZREM", KEYS[3], ARGV[i])
        redis.call("HDEL", KEYS[4], ARGV[i])
        redis.call("RPUSH", ARGV[i + 1], ARGV[i + 2])
        sent = sent + 1
    end
end
if sent > 0 then redis.call("PUBLISH", ARGV[1], "queued") end
return sent

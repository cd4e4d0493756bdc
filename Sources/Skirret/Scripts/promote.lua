-- promote: move messages that are due to their queues, a slice at a time.
--
-- They are next in line, as they have waited long enough; the one due first is served first.
--
-- KEYS[1]  scheduled  ZSET  entry id, scored by the Unix millisecond it is due
-- KEYS[2]  messages   HASH  entry id -> queue key, newline, message
-- ARGV[1]  most       how many at the most, so that Redis is never held for long
-- ARGV[2]  channel    where waiting workers hear of new messages
--
-- Returns  [moved, milliseconds until the next is due, or -1 when none waits].
redis.call("ZREM", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now, "LIMIT", 0, ARGV[1])
for i = #due, 1, -1 do
    local entry = due[i]
    local held = redis.call("HGET", KEYS[2], entry)
    if held then
        local line = string.find(held, "\n", 1, true)
        redis.call("RPUSH", string.sub(held, 1, line - 1), string.sub(held, line + 1))
    end
    redis.call("ZREM", KEYS[1], entry)
    redis.call("HDEL", KEYS[2], entry)
end
if #due > 0 then redis.call("PUBLISH", ARGV[2], "queued") end
local first = redis.call("ZRANGE", KEYS[1], 0, 0, "WITHSCORES")
return { #due, first[2] and math.max(0, first[2] - now) or -1 }

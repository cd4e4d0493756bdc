-- retell: hand out dead letters of which those who wait have not been told.
--
-- Whoever gives a message up tells them at once; a caller that died before, or never saw the answer, has left the
-- letter here. Telling settles it like a claim, see finish, and takes it out in the same step: it is told once, however
-- many try.
--
-- KEYS[1]  untold          ZSET  dead letter id, scored by the Unix millisecond at which a sweep tells
-- KEYS[2]  untold letters  HASH  dead letter id -> JSON {why, reason, queue, task, name, at, …}, newline, message
-- ARGV[1]  most            how many at the most
-- ARGV[2]  tell            milliseconds that the caller has; after that they are handed out again
--
-- Returns  [letter id, letter]…
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now, "LIMIT", 0, ARGV[1])
if #due == 0 then return due end
redis.call("ZREM", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
local handed = {}
for i, letter in ipairs(redis.call("HMGET", KEYS[2], unpack(due))) do
    local line = letter and string.find(letter, "\n", 1, true)
    local age = line and now - cjson.decode(string.sub(letter, 1, line - 1)).at
    -- A week: nobody who waits still has anything to be told by.
    if not age or age > 604800000 then
        redis.call("ZREM", KEYS[1], due[i])
        redis.call("HDEL", KEYS[2], due[i])
    else
        -- One that cannot be told is tried less and less often, in the end once an hour.
        redis.call("ZADD", KEYS[1], now + math.max(ARGV[2], math.min(age, 3600000)), due[i])
        handed[#handed + 1] = { due[i], letter }
    end
end
return handed

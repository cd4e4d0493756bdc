-- survey: say for which tasks messages wait that nobody knew, and deal with those that waited long enough.
--
-- First whoever waits for such a result is told, unless there is one; at the end of its patience the message is dead.
--
-- KEYS[1]  waiting  HASH  task id -> JSON {why, …}, newline, message
-- KEYS[2]  names    ZSET  place, newline, time, newline, task id; see shelve
-- KEYS[3]  overdue  ZSET  task id, scored by the Unix millisecond of what happens next if nobody comes
-- KEYS[4]  dead     ZSET  dead letter id, scored by Unix milliseconds
-- KEYS[5]  letters  HASH  dead letter id -> JSON {reason, …}, newline, message
-- KEYS[6]  untold   ZSET  dead letter id, scored by the Unix millisecond at which a sweep tells; see retell
-- KEYS[7]  untold letters  HASH  dead letter id -> as in letters
-- KEYS[8]  telling  ZSET  task id, scored by the Unix millisecond until which a caller tells of it; so long nobody adopts it
-- ARGV[1]  cursor   where the last survey ended, "" for the beginning
-- ARGV[2]  most     how many places, and how many overdue messages, at the most
-- ARGV[3]  seed     random text, makes the dead letters' ids
-- ARGV[4]  tell     milliseconds that the caller has to tell those who wait for a dead message
--
-- Returns  [places, cursor to go on with or "", dead: [letter id, task id, list, name, message]…, milliseconds until the
--          next is overdue or -1, notices: [task id, result key, result, Unix millisecond of its end]…]; a place is a
--          queue and a task name as JSON strings with a newline between. Notices are to be stored by the caller, as the
--          results live elsewhere; it then sets the task's time in `overdue` to its end and takes it off `telling`, so
--          that no notice comes after the task has begun. One that does not get that far is followed by another.
redis.call("HDEL", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local dead, notices = {}, {}
redis.call("ZREMRANGEBYSCORE", KEYS[8], "-inf", now)
for number, id in ipairs(redis.call("ZRANGEBYSCORE", KEYS[3], "-inf", now, "LIMIT", 0, ARGV[2])) do
    local held = redis.call("HGET", KEYS[1], id)
    local line = held and string.find(held, "\n", 1, true)
    local about = line and cjson.decode(string.sub(held, 1, line - 1))
    if not about or about.why ~= "unknown" then
        redis.call("ZREM", KEYS[3], id)
    elseif about.ends > now and about.elsewhere then
        notices[#notices + 1] = { id, about.key, about.result, string.format("%.0f", about.ends) }
        -- Longer than a command to the results may take.
        redis.call("ZADD", KEYS[3], now + 5000, id)
        redis.call("ZADD", KEYS[8], now + 5000, id)
    elseif about.ends > now then
        local stored = redis.call("GET", about.key)
        if stored == about.result or results.isOpen(stored) then
            if tonumber(about.keep) > 0 then
                redis.call("SETEX", about.key, about.keep, about.result)
            else
                redis.call("SET", about.key, about.result)
            end
            redis.call("PUBLISH", about.key, about.result)
        end
        redis.call("ZADD", KEYS[3], about.ends, id)
    else
        local letter = ARGV[3] .. "-" .. number
        local text = cjson.encode({
            reason = "no worker knows task " .. about.name, why = "unknown", queue = about.list, task = id,
            name = about.name, since = about.since, at = now,
        }) .. string.sub(held, line)
        redis.call("ZADD", KEYS[4], now, letter)
        redis.call("HSET", KEYS[5], letter, text)
        redis.call("ZADD", KEYS[6], now + ARGV[4], letter)
        redis.call("HSET", KEYS[7], letter, text)
        redis.call("ZREM", KEYS[3], id)
        redis.call("ZREM", KEYS[1] .. ":offers", id)
        redis.call("HDEL", KEYS[1], id)
        redis.call("ZREM", KEYS[2], about.place .. "\n" .. string.format("%013.0f", about.since) .. "\n" .. id)
        dead[#dead + 1] = { letter, id, about.list, about.name, string.sub(held, line + 1) }
    end
end

local places, cursor = {}, ARGV[1]
for _ = 1, tonumber(ARGV[2]) do
    local found = redis.call("ZRANGEBYLEX", KEYS[2], "(" .. cursor, "+", "LIMIT", 0, 1)[1]
    if not found then
        cursor = ""
        break
    end
    local place = string.match(found, "^([^\n]*\n[^\n]*)\n")
    places[#places + 1] = place
    cursor = place .. "\n:"
end
local first = redis.call("ZRANGE", KEYS[3], 0, 0, "WITHSCORES")
return { places, cursor, dead, first[2] and math.max(0, first[2] - now) or -1, notices }

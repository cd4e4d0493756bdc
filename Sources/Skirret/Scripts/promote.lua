-- promote: move messages that are due to their queues, a slice at a time.
--
-- They are next in line, as they have waited long enough; the one due first is served first. Those with a fair key are
-- next in line of their own key's.
--
-- KEYS[1]  scheduled  ZSET  entry id, scored by the Unix millisecond it is due
-- KEYS[2]  messages   HASH  entry id -> queue key, newline, message
-- KEYS[3]  fair       HASH  queue -> how many of its messages wait to be dealt; see fair, which stands in front
-- ARGV[1]  most       how many at the most, so that Redis is never held for long
-- ARGV[2]  channel    where waiting workers hear of new messages
--
-- Returns  [moved, milliseconds until the next is due, or -1 when none waits].
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now, "LIMIT", 0, ARGV[1])
if #due > 0 then
    redis.call("ZREM", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
    local lists, turns = {}, {}
    for i, held in ipairs(redis.call("HMGET", KEYS[2], unpack(due))) do
        local line = held and string.find(held, "\n", 1, true)
        local list = line and string.sub(held, 1, line - 1) or ""
        lists[list] = lists[list] or { entries = {}, messages = {} }
        table.insert(lists[list].entries, due[i])
        local message = line and string.sub(held, line + 1)
        local key, weight
        if line then key, weight = fair.turn(message) end
        if key then
            local place = list .. "\n" .. key
            if not turns[place] then
                turns[place] = { list = list, key = key, messages = {} }
                turns[#turns + 1] = turns[place]
            end
            turns[place].weight = weight
            table.insert(turns[place].messages, 1, message)
        elseif line then
            table.insert(lists[list].messages, 1, message)
        end
    end
    for _, turn in ipairs(turns) do
        fair.push(KEYS[3], turn.list, turn.key, turn.weight, turn.messages, "RPUSH")
    end
    if #turns > 0 then redis.call("PUBLISH", ARGV[2], "fair") end
    for list, moved in pairs(lists) do
        local pushed = #moved.messages == 0 or redis.pcall("RPUSH", list, unpack(moved.messages))
        if type(pushed) == "table" then
            -- No list lies under the queue's name. The others are not to wait for somebody to put that right.
            for _, entry in ipairs(moved.entries) do redis.call("ZADD", KEYS[1], now + 60000, entry) end
        else
            redis.call("ZREM", KEYS[1], unpack(moved.entries))
            redis.call("HDEL", KEYS[2], unpack(moved.entries))
        end
    end
    redis.call("PUBLISH", ARGV[2], "queued")
end
local first = redis.call("ZRANGE", KEYS[1], 0, 0, "WITHSCORES")
return { #due, first[2] and math.max(0, first[2] - now) or -1 }

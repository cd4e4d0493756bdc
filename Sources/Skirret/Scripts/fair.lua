-- fair: put messages where their turn comes, if they have a fair key.
--
-- Not a script by itself: this text stands in front of those that put messages into queues. What is sent at once says
-- its key beside the message; of what was scheduled, of what follows a task and of another attempt the message itself
-- says it, in a header of its own.
--
-- For a queue, these are, behind the name of the first; see deal
--   fair                     HASH  queue -> how many of its messages wait to be dealt
--   fair:ring:<queue>        LIST  the fair keys that have messages, whose turn it is at the left
--   fair:hand:<queue>:<key>  LIST  messages of one fair key, oldest at the right
--   fair:weights:<queue>     HASH  fair key -> messages a turn, where that is not one
--
-- Returns  nothing.
local fair = {}

-- The fair key of a message and its weight; nil for nearly all, of which the text is looked at and no more.
function fair.turn(message)
    if not string.find(message, '"skirret_fair_key"', 1, true) then return nil end
    -- Decoded to look at it only.
    local ok, envelope = pcall(cjson.decode, message)
    local headers = ok and type(envelope) == "table" and envelope.headers
    local key = type(headers) == "table" and headers.skirret_fair_key
    if type(key) ~= "string" then return nil end
    local weight = tonumber(headers.skirret_fair_weight)
    if not (weight and weight >= 1) then weight = 1 end
    return key, string.format("%d", math.min(weight, 1000))
end

-- Puts messages behind those of their key, or in front of them with "RPUSH"; says whether there were none.
function fair.push(base, queue, key, weight, messages, push)
    local hand, weights = base .. ":hand:" .. queue .. ":" .. key, base .. ":weights:" .. queue
    local isFirst = redis.call(push or "LPUSH", hand, unpack(messages)) == #messages
    if isFirst then redis.call("RPUSH", base .. ":ring:" .. queue, key) end
    if weight == "1" then redis.call("HDEL", weights, key) else redis.call("HSET", weights, key, weight) end
    redis.call("HINCRBY", base, queue, #messages)
    return isFirst
end

-- Puts a message into its queue, or behind those of its fair key; says whether it has one, and whether nothing lay there.
function fair.put(base, queue, message)
    local key, weight = fair.turn(message)
    if key then return true, fair.push(base, queue, key, weight, { message }) end
    return false, redis.call("LPUSH", queue, message) == 1
end

-- adopt: claim messages that wait for a worker that knows their task.
--
-- Straight out of the waiting room, as a worker that does not know them would claim them again from their queue.
--
-- A call whose answer was lost is made again with the same seed and gets the same claims, as in claim.
--
-- KEYS[1]  unacked        HASH  token -> JSON [envelope, exchange, routing key], kombu's
-- KEYS[2]  unacked_index  ZSET  token, scored by claim time in Unix seconds, kombu's
-- KEYS[3]  leases         ZSET  token, scored by the Unix millisecond the lease ends
-- KEYS[4]  owners         HASH  token -> JSON {worker, queue key, tail, task, name, at}
-- KEYS[5]  crashes        HASH  task id -> how often its worker died under it
-- KEYS[6]  revoked        ZSET  task id, scored by the Unix millisecond of the request
-- KEYS[7]  paused         HASH  list that nothing is taken from -> Unix millisecond since when
-- KEYS[8]  waiting        HASH  task id -> JSON {why, …}, newline, message
-- KEYS[9]  names          ZSET  place, newline, time, newline, task id; see shelve
-- KEYS[10] overdue        ZSET  task id, scored by the Unix millisecond of what happens next if nobody comes
-- KEYS[11] telling        ZSET  task id, scored by the Unix millisecond until which it is left alone, see survey
-- ARGV[1]  most           how many messages at the most
-- ARGV[2]  lease          milliseconds
-- ARGV[3]  worker         node name
-- ARGV[4]  seed           random text, fresh for every call but a repeated one; makes the tokens
-- ARGV[5]  repeated       how many messages the call without an answer had asked for, "0" for a first call
-- ARGV[6…] places         queue and task name as JSON strings, a newline between
--
-- Returns  [now in Unix milliseconds, claims, places where nothing is left]; a claim is [token, queue key, message,
--          crashes, 1 when revoked].
redis.call("HDEL", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local seconds = string.format("%d.%06d", time[1], time[2])
local most, claimed, emptied = tonumber(ARGV[1]), {}, {}

local function claim(token, list, id, message)
    local crashes, revoked = redis.call("HGET", KEYS[5], id), redis.call("ZSCORE", KEYS[6], id)
    claimed[#claimed + 1] = { token, list, message, tonumber(crashes or 0), revoked and 1 or 0 }
end

for i = 0, math.max(most, tonumber(ARGV[5])) - 1 do
    local token = ARGV[4] .. "-" .. i
    local owner, held = redis.call("HGET", KEYS[4], token), redis.call("HGET", KEYS[1], token)
    if owner and held then
        owner = cjson.decode(owner)
        -- A first call that comes late has nobody left who would renew it.
        if ARGV[5] ~= "0" then redis.call("ZADD", KEYS[3], "XX", now + ARGV[2], token) end
        claim(token, owner.queue, owner.task, string.sub(held, 2, #held - owner.tail))
    end
end
if #claimed > 0 then return { now, claimed, emptied } end

for i = 6, #ARGV do
    local place = ARGV[i]
    local routing = string.match(place, "^[^\n]*")
    -- More than wanted: what was revoked or has ended meanwhile is passed over.
    local found = redis.call("ZRANGEBYLEX", KEYS[9], "[" .. place .. "\n", "(" .. place .. "\n:", "LIMIT", 0, most + 100)
    local left = #found
    for _, member in ipairs(found) do
        if #claimed >= most then break end
        local id = string.match(member, "^[^\n]*\n[^\n]*\n%d+\n(.*)$")
        local held = redis.call("HGET", KEYS[8], id)
        local line = held and string.find(held, "\n", 1, true)
        local about = line and cjson.decode(string.sub(held, 1, line - 1))
        if about and about.place == place and redis.call("HEXISTS", KEYS[7], about.list) == 1 then break end
        local isTold = tonumber(redis.call("ZSCORE", KEYS[11], id) or 0) > now
        if not isTold then
            redis.call("ZREM", KEYS[9], member)
            left = left - 1
        end
        if not isTold and about and about.place == place then
            redis.call("HDEL", KEYS[8], id)
            redis.call("ZREM", KEYS[10], id)
            redis.call("ZREM", KEYS[8] .. ":offers", id)
            local token, tail = ARGV[4] .. "-" .. #claimed, ', "", ' .. routing .. "]"
            local message = string.sub(held, line + 1)
            redis.call("HSET", KEYS[1], token, "[" .. message .. tail)
            redis.call("ZADD", KEYS[2], seconds, token)
            redis.call("ZADD", KEYS[3], now + ARGV[2], token)
            redis.call("HSET", KEYS[4], token, cjson.encode({
                worker = ARGV[3], queue = about.list, tail = #tail, task = id, name = about.name, at = now,
            }))
            claim(token, about.list, id, message)
        end
    end
    if left == 0 then emptied[#emptied + 1] = place end
end
return { now, claimed, emptied }

-- claim: take messages off the queues and remember who holds them.
--
-- One atomic step, because a worker that dies between "pop" and "remember"
-- loses the message for ever. What does not parse goes to the dead letters in
-- the same step: kombu's own sweep would choke on it in `unacked`.
--
-- Starts with envelope.lua.
--
-- A call whose answer was lost is made again with the same seed and gets the
-- same claims; without that they would lie there until their leases end.
--
-- KEYS[1]  unacked        HASH  token -> JSON [envelope, exchange, routing key], kombu's
-- KEYS[2]  unacked_index  ZSET  token, scored by claim time in Unix seconds, kombu's
-- KEYS[3]  leases         ZSET  token, scored by the Unix millisecond the lease ends
-- KEYS[4]  owners         HASH  token -> JSON {worker, queue key, tail, task, name, at}
-- KEYS[5]  dead           ZSET  dead letter id, scored by Unix milliseconds
-- KEYS[6]  letters        HASH  dead letter id -> JSON {reason, queue}, newline, message
-- KEYS[7]  crashes        HASH  task id -> how often its worker died under it
-- KEYS[8]  revoked        ZSET  task id, scored by the Unix millisecond of the request
-- KEYS[9]  paused         HASH  list that nothing is taken from -> Unix millisecond since when
-- KEYS[10…] queues        LIST  in the order in which they are served; oldest at the right
-- ARGV[1]  most           how many messages at the most; never more than 500, so that Redis is not held for long
-- ARGV[2]  lease          milliseconds
-- ARGV[3]  worker         node name
-- ARGV[4]  seed           random text, fresh for every call but a repeated one; makes the tokens
-- ARGV[5]  repeated       how many messages the call without an answer had asked for, "0" for a first call
-- ARGV[6…] routing keys   JSON string for each queue, in the order of KEYS[10…]
--
-- Returns  [now in Unix milliseconds, how many messages went to the dead letters, claims, paused queue keys];
--          a claim is [token, queue key, message]; where a worker died under the task, or where it is revoked,
--          crashes and 1 or 0 follow.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- As texts: Redis would write out a number anew for each message.
local seconds, lease = string.format("%d.%06d", time[1], time[2]), string.format("%.0f", now + ARGV[2])
local most = math.min(tonumber(ARGV[1]), 500)
local seed = ARGV[4] .. "-"
local claims, ids, refused, paused = {}, {}, 0, {}
-- Asked before anything is taken: other people's values under our keys end the call here, as below.
local crashes, revoked = redis.call("HLEN", KEYS[7]), redis.call("ZCARD", KEYS[8])

local function note(values, field)
    for i, value in ipairs(values) do
        if value then
            local claim = claims[i]
            claim[4], claim[5] = claim[4] or 0, claim[5] or 0
            claim[field] = field == 4 and tonumber(value) or 1
        end
    end
end

-- What belongs to the task and not to the message is looked up for all of them at once, if there is any.
local function answer()
    if #claims > 0 then
        if crashes > 0 then note(redis.call("HMGET", KEYS[7], unpack(ids)), 4) end
        if revoked > 0 then note(redis.call("ZMSCORE", KEYS[8], unpack(ids)), 5) end
    end
    return { now, refused, claims, paused }
end

local isRepeated = redis.call("HEXISTS", KEYS[6], seed .. "x1") == 1
local function find(first, last)
    local tokens = {}
    for i = first, last do tokens[#tokens + 1] = seed .. i end
    local found = #tokens > 0 and redis.call("HMGET", KEYS[4], unpack(tokens)) or {}
    for i, owner in ipairs(found) do
        local held = owner and redis.call("HGET", KEYS[1], tokens[i])
        if held then
            owner = cjson.decode(owner)
            -- A first call that comes late has nobody left who would renew it.
            if ARGV[5] ~= "0" then redis.call("ZADD", KEYS[3], "XX", lease, tokens[i]) end
            claims[#claims + 1] = { tokens[i], owner.queue, string.sub(held, 2, #held - owner.tail) }
            ids[#ids + 1] = owner.task
        end
        isRepeated = isRepeated or owner
    end
end
local asked = math.max(tonumber(ARGV[5]), 1)
find(0, asked - 1)
if isRepeated then
    -- The very same call once more, sent again by the connection: it may have been given as much as it asked for.
    find(asked, most - 1)
    return answer()
end

-- Other people's values under our keys end the call here, while the queues still have their messages.
for _, key in ipairs({ KEYS[2], KEYS[3], KEYS[5] }) do redis.call("ZSCORE", key, seed) end
local arePaused = redis.call("HLEN", KEYS[9]) > 0
redis.call("HDEL", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory

local unacked, index, leases, owners, letters, dead = {}, {}, {}, {}, {}, {}

local function refuse(list, message)
    refused = refused + 1
    dead[#dead + 1], dead[#dead + 2] = now, seed .. "x" .. refused
    letters[#letters + 1], letters[#letters + 2] = seed .. "x" .. refused, cjson.encode({
        reason = "not a Celery envelope: JSON object with body, headers, properties.delivery_tag and delivery_info",
        queue = list,
    }) .. "\n" .. message
end

-- The owner's record is JSON put together as text: all but id and name is the same for the whole list.
local function take(list, tail, owner, message)
    local id, idText, nameText = envelope.glance(message)
    if not id then id, idText, nameText = envelope.read(message) end
    if not id then return refuse(list, message) end
    local count = #claims
    local token, n = seed .. count, 2 * count
    unacked[n + 1], unacked[n + 2] = token, "[" .. message .. tail
    index[n + 1], index[n + 2] = seconds, token
    leases[n + 1], leases[n + 2] = lease, token
    owners[n + 1], owners[n + 2] = token, owner .. idText .. ',"name":' .. nameText .. "}"
    claims[count + 1], ids[count + 1] = { token, list, message }, id
end

local queue, failure = 10, nil
while #claims < most and refused < 500 and queue <= #KEYS do
    local want = math.min(most - #claims, 500 - refused)
    local isPaused = arePaused and redis.call("HEXISTS", KEYS[9], KEYS[queue]) == 1
    if isPaused then paused[#paused + 1] = KEYS[queue] end
    local popped = not isPaused and redis.pcall("RPOP", KEYS[queue], want)
    -- A queue under whose name lies no list must not keep the others from being served.
    if popped and popped.err then failure = popped end
    if not popped or popped.err then popped = {} end
    local tail = ', "", ' .. ARGV[queue - 4] .. "]"
    local owner = cjson.encode({ worker = ARGV[3], queue = KEYS[queue], tail = #tail, at = now })
    owner = string.sub(owner, 1, -2) .. ',"task":'
    for _, message in ipairs(popped) do take(KEYS[queue], tail, owner, message) end
    if #popped < want then queue = queue + 1 end
end
if failure and #claims + refused == 0 then return failure end
if refused > 0 then
    redis.call("ZADD", KEYS[5], unpack(dead))
    redis.call("HSET", KEYS[6], unpack(letters))
end
if #claims > 0 then
    redis.call("HSET", KEYS[1], unpack(unacked))
    redis.call("ZADD", KEYS[2], unpack(index))
    redis.call("ZADD", KEYS[3], unpack(leases))
    redis.call("HSET", KEYS[4], unpack(owners))
end
return answer()

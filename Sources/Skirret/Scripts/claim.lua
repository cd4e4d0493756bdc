-- claim: take messages off the queues and remember who holds them.
--
-- One atomic step, because a worker that dies between "pop" and "remember"
-- loses the message for ever. As few commands as can be: an idle worker's message
-- waits for them. What does not parse goes to the dead letters in
-- the same step: kombu's own sweep would choke on it in `unacked`.
--
-- Starts with envelope.lua.
--
-- A call whose answer was lost is made again with the same seed and gets the
-- same claims; without that they would lie there until their leases end.
--
-- A call that leaves slots free arms another one, which lies behind the worker's
-- blocking wait and runs when that ends: KEYS[10] says what it may take. The next
-- call disarms it, and finds what it has claimed meanwhile.
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
-- KEYS[10] armed          STRING with TTL  generation, blank, seed of the claim that is armed; used up by any armed call
-- KEYS[11…] queues        LIST  in the order in which they are served; oldest at the right
-- ARGV[1]  most           how many messages at the most; never more than 500, so that Redis is not held for long
-- ARGV[2]  lease          milliseconds
-- ARGV[3]  worker         node name
-- ARGV[4]  seed           random text, fresh for every call but a repeated one; makes the tokens. "" is an armed call:
--                         its seed lies in KEYS[10]
-- ARGV[5]  repeated       how many messages the call without an answer had asked for, "0" for a first call
-- ARGV[6]  free           arms a claim of one message if less than so many slots are taken; "0" arms none
-- ARGV[7]  generation     no blanks; an armed call takes nothing unless the claim was armed for this very one
-- ARGV[8]  disarmed       seeds of claims that may be armed, with blanks between
-- ARGV[9…] routing keys   JSON string for each queue, in the order of KEYS[11…]
--
-- Returns  [now in Unix milliseconds, how many messages went to the dead letters, claims, paused queue keys,
--          1 when a claim is armed now, notes];
--          claims of one list are [queue key, prefix of their tokens, number that the first token ends with, message,
--          message, …], as each array within an answer costs Redis as much as a message. Notes are three numbers for
--          each claim where a worker died under the task, or which is revoked: which it is, from 0 on; crashes; 1 or 0.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- As texts: Redis would write out a number anew for each message.
local seconds, lease = time[1], string.format("%.0f", now + ARGV[2])
local most, seed = math.min(tonumber(ARGV[1]), 500), ARGV[4]
local claims, ids, notes, refused, paused, isArmed = {}, {}, {}, 0, {}, 0
local isArmedCall = seed == ""
if isArmedCall then
    local armed = redis.call("GETDEL", KEYS[10]) or ""
    seed = string.sub(armed, #ARGV[7] + 2)
    if string.sub(armed, 1, #ARGV[7] + 1) ~= ARGV[7] .. " " then return { now, 0, claims, paused, 0, notes } end
end
seed = seed .. "-"
-- Asked before anything is taken: other people's values under these keys end the call here. Mostly nobody has any.
local crashes, revoked, arePaused, isRepeated = 0, 0, false, false
if redis.call("EXISTS", KEYS[6], KEYS[7], KEYS[8], KEYS[9]) > 0 then
    isRepeated = redis.call("HEXISTS", KEYS[6], seed .. "x1") == 1
    crashes, revoked = redis.call("HLEN", KEYS[7]), redis.call("ZCARD", KEYS[8])
    arePaused = redis.call("HLEN", KEYS[9]) > 0
end

-- What belongs to the task and not to the message is looked up for all of them at once, if there is any.
local function answer()
    if #ids > 0 and crashes + revoked > 0 then
        local died = crashes > 0 and redis.call("HMGET", KEYS[7], unpack(ids)) or {}
        local asked = revoked > 0 and redis.call("ZMSCORE", KEYS[8], unpack(ids)) or {}
        for i = 1, #ids do
            if died[i] or asked[i] then
                local n = #notes
                notes[n + 1], notes[n + 2], notes[n + 3] = i - 1, tonumber(died[i] or 0), asked[i] and 1 or 0
            end
        end
    end
    if isArmed == 0 and ARGV[8] ~= "" then redis.call("DEL", KEYS[10]) end
    return { now, refused, claims, paused, isArmed, notes }
end

-- Adds those of these claims that are held; says whether any is from the given one on.
local function find(tokens, own)
    local isHeld = false
    for i, owner in ipairs(#tokens > 0 and redis.call("HMGET", KEYS[4], unpack(tokens)) or {}) do
        local held = owner and redis.call("HGET", KEYS[1], tokens[i])
        if held then
            owner = cjson.decode(owner)
            -- A first call that comes late has nobody left who would renew its claims.
            if i < own or ARGV[5] ~= "0" then
                redis.call("HDEL", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
                redis.call("ZADD", KEYS[3], "XX", lease, tokens[i])
            end
            local prefix, number = string.match(tokens[i], "^(.*-)(%d+)$")
            local message = string.sub(held, 2, #held - owner.tail)
            claims[#claims + 1] = { owner.queue, prefix, tonumber(number), message }
            ids[#ids + 1] = owner.task
        end
        isHeld = isHeld or owner and i >= own
    end
    return isHeld
end

-- How many claims were found that an armed call made. They count among those asked for: their slots are the same.
local before = 0
if not isArmedCall then
    local tokens, asked = {}, math.max(tonumber(ARGV[5]), 1)
    for armed in string.gmatch(ARGV[8], "%S+") do tokens[#tokens + 1] = armed .. "-0" end
    local own = #tokens + 1
    for i = 0, asked - 1 do tokens[#tokens + 1] = seed .. i end
    if find(tokens, own) or isRepeated then
        -- The very same call once more, sent again by the connection: it may have been given as much as it asked for.
        tokens = {}
        for i = asked, most - 1 do tokens[#tokens + 1] = seed .. i end
        find(tokens, 1)
        return answer()
    end
    before = #claims
end

local count, broken = before, {}
local run -- of the list that is served
local unacked, index, leases, owners, letters, dead = {}, {}, {}, {}, {}, {}, {}

local function refuse(list, message)
    refused = refused + 1
    broken[refused] = { list, message }
    local id = seed .. "x" .. refused
    dead[#dead + 1], dead[#dead + 2] = now, id
    letters[#letters + 1], letters[#letters + 2] = id, cjson.encode({
        reason = "not a Celery envelope: JSON object with body, headers, properties.delivery_tag and delivery_info",
        queue = list,
    }) .. "\n" .. message
end

-- The owner's record is JSON put together as text: all but id and name is the same for the whole list.
local function take(list, tail, owner, message)
    local id, idText, nameText = envelope.glance(message)
    if not id then id, idText, nameText = envelope.read(message) end
    if not id then return refuse(list, message) end
    local token, n = seed .. count - before, 2 * (count - before)
    count = count + 1
    local place = #run + 1
    if place == 4 then claims[#claims + 1] = run end
    run[place] = message
    unacked[n + 1], unacked[n + 2] = token, "[" .. message .. tail
    index[n + 1], index[n + 2] = seconds, token
    leases[n + 1], leases[n + 2] = lease, token
    owners[n + 1], owners[n + 2] = token, owner .. idText .. ',"name":' .. nameText .. "}"
    ids[count] = id
end

-- Few at a time: an answer of 16 kB stays in Redis's buffer and in the processor's cache, a larger one is copied twice.
local atOnce = 16
local queue, failure, isNew, tail, owner = 11, nil, true, nil, nil
while count < most and refused < 500 and queue <= #KEYS do
    local list, want = KEYS[queue], math.min(most - count, 500 - refused, atOnce)
    local isPaused = isNew and arePaused and redis.call("HEXISTS", KEYS[9], list) == 1
    if isPaused then paused[#paused + 1] = list end
    local found = not isPaused and redis.pcall("RPOP", list, want)
    -- A queue under whose name lies no list must not keep the others from being served.
    if found and found.err then failure = found end
    if not found or found.err then found = {} end
    if isNew and #found > 0 then
        tail = ', "", ' .. ARGV[queue - 2] .. "]"
        owner = '{"worker":' .. quoted(ARGV[3]) .. ',"queue":' .. quoted(list) .. ',"tail":' .. #tail
            .. ',"at":' .. now .. ',"task":'
        run = { list, seed, count - before }
    end
    for i = 1, #found do take(list, tail, owner, found[i]) end
    isNew = #found < want
    if isNew then queue = queue + 1 end
end
if failure and count + refused == 0 then return failure end

local function write(command, key, values)
    if #values == 0 or failure then return end
    for first = 1, #values, 4 * atOnce do
        local reply = redis.pcall(command, key, unpack(values, first, math.min(first + 4 * atOnce - 1, #values)))
        if type(reply) == "table" then
            failure = reply
            return
        end
    end
end
failure = nil
write("HSET", KEYS[1], unacked)
write("ZADD", KEYS[2], index)
write("ZADD", KEYS[3], leases)
write("HSET", KEYS[4], owners)
write("ZADD", KEYS[5], dead)
write("HSET", KEYS[6], letters)
if failure then
    -- Somebody else's value lies under a key of ours: what was taken goes back, in its order.
    for i = #claims, before + 1, -1 do
        for n = #claims[i], 4, -1 do redis.call("RPUSH", claims[i][1], claims[i][n]) end
    end
    for i = refused, 1, -1 do redis.call("RPUSH", broken[i][1], broken[i][2]) end
    for i = 1, #unacked, 2 do
        redis.pcall("HDEL", KEYS[1], unacked[i])
        redis.pcall("ZREM", KEYS[2], unacked[i])
        redis.pcall("ZREM", KEYS[3], unacked[i])
        redis.pcall("HDEL", KEYS[4], unacked[i])
    end
    for i = 2, #dead, 2 do redis.pcall("ZREM", KEYS[5], dead[i]) end
    return failure
end

-- A connection that sends its call again may find that the claim it armed is made: then there is no room for another.
if before == 0 and count < tonumber(ARGV[6]) then
    -- Five seconds: it outlives the pause between two calls of an idle worker, and its death not by much.
    local stored = redis.pcall("SET", KEYS[10], ARGV[7] .. " " .. ARGV[4] .. "a", "PX", 5000)
    isArmed = stored.ok and 1 or 0
end
return answer()

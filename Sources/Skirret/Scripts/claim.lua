-- claim: take messages off the queues and remember who holds them.
--
-- One atomic step, because a worker that dies between "pop" and "remember"
-- loses the message for ever. What does not parse goes to the dead letters in
-- the same step: kombu's own sweep would choke on it in `unacked`.
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
-- ARGV[1]  most           how many messages at the most
-- ARGV[2]  lease          milliseconds
-- ARGV[3]  worker         node name
-- ARGV[4]  seed           random text, fresh for every call but a repeated one; makes the tokens
-- ARGV[5…] routing keys   JSON string for each queue, in the order of KEYS[10…]
--
-- Returns  [now in Unix milliseconds, how many messages went to the dead letters, claims, paused queue keys];
--          a claim is [token, queue key, message, crashes, 1 when revoked].
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local seconds = string.format("%d.%06d", time[1], time[2])
local most = tonumber(ARGV[1])
local claimed, refused, number, queue = {}, 0, 0, 10
local arePaused, paused = redis.call("EXISTS", KEYS[9]) == 1, {}

local function add(token, list, id, message)
    redis.call("ZADD", KEYS[3], now + ARGV[2], token)
    local crashes, revoked = redis.call("HGET", KEYS[7], id), redis.call("ZSCORE", KEYS[8], id)
    claimed[#claimed + 1] = { token, list, message, tonumber(crashes or 0), revoked and 1 or 0 }
end

redis.call("HDEL", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
local token = ARGV[4] .. "-0"
local owner = redis.call("HGET", KEYS[4], token)
while owner or redis.call("HEXISTS", KEYS[6], token) == 1 do
    local held = owner and redis.call("HGET", KEYS[1], token)
    if held then
        owner = cjson.decode(owner)
        add(token, owner.queue, owner.task, string.sub(held, 2, #held - owner.tail))
    end
    number = number + 1
    token = ARGV[4] .. "-" .. number
    owner = redis.call("HGET", KEYS[4], token)
end
if #claimed > 0 then return { now, 0, claimed, paused } end

while #claimed < most and refused < 1000 and queue <= #KEYS do
    local isPaused = arePaused and redis.call("HEXISTS", KEYS[9], KEYS[queue]) == 1
    local message = not isPaused and redis.call("RPOP", KEYS[queue])
    if not message then
        if isPaused then paused[#paused + 1] = KEYS[queue] end
        queue = queue + 1
    else
        token = ARGV[4] .. "-" .. number
        number = number + 1
        -- Decoded to look at it only. The bytes that travel on are the original ones:
        -- cjson would turn [] into {} and round big integers.
        local ok, envelope = pcall(cjson.decode, message)
        ok = ok and type(envelope) == "table" and type(envelope.headers) == "table"
            and type(envelope.properties) == "table" and type(envelope.body) == "string"
            and type(envelope.properties.delivery_tag) == "string"
            and type(envelope.properties.delivery_info) == "table"
        if ok then
            local tail = ', "", ' .. ARGV[queue - 5] .. "]"
            local id, name = envelope.headers.id, envelope.headers.task
            id = type(id) == "string" and id or ""
            name = type(name) == "string" and name or ""
            redis.call("HSET", KEYS[1], token, "[" .. message .. tail)
            redis.call("ZADD", KEYS[2], seconds, token)
            redis.call("HSET", KEYS[4], token, cjson.encode({
                worker = ARGV[3], queue = KEYS[queue], tail = #tail, task = id, name = name, at = now,
            }))
            add(token, KEYS[queue], id, message)
        else
            refused = refused + 1
            redis.call("ZADD", KEYS[5], now, token)
            redis.call("HSET", KEYS[6], token, cjson.encode({
                reason = "not a Celery envelope: JSON object with body, headers, properties.delivery_tag and delivery_info",
                queue = KEYS[queue],
            }) .. "\n" .. message)
        end
    end
end
return { now, refused, claimed, paused }

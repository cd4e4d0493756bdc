-- restore: give claimed messages back to their queues, next in line.
--
-- Used by the sweep for workers that died ("expired"), by a worker whose task
-- took its host down ("crashed"), and by one that stops ("stopping", which costs
-- no attempt). After too many crashes the message is dead, with its reason.
--
-- KEYS[1]  unacked        HASH  token -> JSON [envelope, exchange, routing key], kombu's
-- KEYS[2]  unacked_index  ZSET  token, scored by claim time, kombu's
-- KEYS[3]  leases         ZSET  token, scored by the Unix millisecond the lease ends
-- KEYS[4]  owners         HASH  token -> JSON {worker, queue key, tail, task, name, at}
-- KEYS[5]  dead           ZSET  dead letter id, scored by Unix milliseconds
-- KEYS[6]  letters        HASH  dead letter id -> JSON {reason, …}, newline, message
-- KEYS[7]  crashes        HASH  task id -> how often its worker died under it
-- KEYS[8]  lost           ZSET  token that was taken from its worker, scored by Unix milliseconds
-- KEYS[9]  waiting        HASH  see limits.lua, which stands in front
-- KEYS[10] scheduled      ZSET  entry id, scored by the Unix millisecond it is due
-- KEYS[11] messages       HASH  entry id -> queue key, newline, message
-- KEYS[12] untold         ZSET  dead letter id, scored by the Unix millisecond at which a sweep tells; see retell
-- KEYS[13] untold letters HASH  dead letter id -> as in letters
-- ARGV[1]  why            "expired", "crashed", "stopping", or "refused" for what cannot be read
-- ARGV[2]  most crashes   a message that has seen so many is dead, if it was all that its worker held
-- ARGV[3]  detail         text for the dead letter's reason
-- ARGV[4]  channel        where waiting workers hear of new messages
-- ARGV[5]  tell           milliseconds that the caller has to tell those who wait for a dead message
-- ARGV[6…] tokens         in a crash all of a worker's, or of none: who is alone among them died alone
--
-- Returns  an array: for each token restored [token, "queued"] or [token, "scheduled"], for each one given
--          up [token, "dead", task id, queue key, message]; stale tokens are left out.
redis.call("HDEL", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Sets a flag in the object that a key of the envelope holds, by editing text:
-- re-encoding through cjson would damage the message. Inside a JSON string the
-- closing quote of a key is escaped, so no text can be taken for a key.
local function flagged(message, key, from)
    local _, open = string.find(message, '"' .. key .. '"%s*:%s*{', from)
    if not open then return message end
    local rest = string.sub(message, open + 1)
    local comma = string.find(rest, "^%s*}") and "" or ", "
    return string.sub(message, 1, open) .. '"redelivered": true' .. comma .. rest
end

local function redelivered(message)
    if string.find(message, '"redelivered"%s*:%s*true') then return message end
    message = string.gsub(message, '"redelivered"%s*:%s*false', '"redelivered": true')
    message = flagged(message, "headers", 1)
    -- Not the one that a caller may have put among its headers.
    return flagged(message, "delivery_info", string.find(message, '"properties"%s*:%s*{') or 1)
end

local owners, company = {}, {}
for i = 6, #ARGV do
    local owner = redis.call("HGET", KEYS[4], ARGV[i])
    owner = owner and cjson.decode(owner)
    owners[i] = owner
    if owner then company[owner.worker] = (company[owner.worker] or 0) + 1 end
end

-- Died within a second of its claim: after a moment of 200 to 500 ms, later of 300 to 600.
local function pause(owner, crashes, i)
    if ARGV[1] ~= "crashed" or now - owner.at > 1000 then return 0 end
    local least, most = 200, 500
    if crashes > 1 then least, most = 300, 600 end
    return least + (time[2] + 97 * i) % (most - least)
end

local function isOver(owner, crashes)
    if ARGV[1] == "stopping" then return false end
    local most = tonumber(ARGV[2])
    return crashes >= most and (company[owner.worker] == 1 or crashes >= 2 * most)
end

local answer = {}
for i = 6, #ARGV do
    local token, owner = ARGV[i], owners[i]
    local lease = redis.call("ZSCORE", KEYS[3], token)
    local held = redis.call("HGET", KEYS[1], token)
    local mine = lease and (ARGV[1] ~= "expired" or tonumber(lease) <= now)
    if mine and owner and held then
        local message = string.sub(held, 2, #held - owner.tail)
        local crashes = 0
        if ARGV[1] ~= "stopping" then
            crashes = redis.call("HINCRBY", KEYS[7], owner.task, 1)
            -- A week: a task that a Python worker ended is not taken out by anybody.
            redis.call("EXPIRE", KEYS[7], 604800)
        end
        local wait = pause(owner, crashes, i)
        if isOver(owner, crashes) then
            local letter = cjson.encode({
                reason = ARGV[3], why = ARGV[1], queue = owner.queue, worker = owner.worker,
                task = owner.task, name = owner.name, crashes = crashes, at = now,
            }) .. "\n" .. message
            redis.call("ZADD", KEYS[5], now, token)
            redis.call("HSET", KEYS[6], token, letter)
            redis.call("ZADD", KEYS[12], now + ARGV[5], token)
            redis.call("HSET", KEYS[13], token, letter)
            redis.call("HDEL", KEYS[7], owner.task)
            answer[#answer + 1] = { token, "dead", owner.task, owner.queue, message }
        elseif wait > 0 then
            redis.call("HSET", KEYS[11], token, owner.queue .. "\n" .. redelivered(message))
            redis.call("ZADD", KEYS[10], now + wait, token)
            answer[#answer + 1] = { token, "scheduled" }
        else
            redis.call("RPUSH", owner.queue, redelivered(message))
            answer[#answer + 1] = { token, "queued" }
        end
        -- Whoever hears of it looks into the queues, and at what is scheduled if that is the word.
        redis.call("PUBLISH", ARGV[4], wait > 0 and "scheduled" or "queued")
    end
    if mine then
        if ARGV[1] == "expired" then redis.call("ZADD", KEYS[8], now, token) end
        -- Without its owner's record nobody knows the queue; kombu's sweep finds it out from the message.
        if owner or not held then
            redis.call("HDEL", KEYS[1], token)
            redis.call("ZREM", KEYS[2], token)
        end
        redis.call("ZREM", KEYS[3], token)
        redis.call("HDEL", KEYS[4], token)
        local k = { waiting = KEYS[9], leases = KEYS[3], wake = ARGV[4] }
        limits.leave(token, k, now, time[1] * 1000000 + time[2])
    end
end
return answer

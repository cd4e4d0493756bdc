-- settle: end many claims that leave nothing behind but their results.
--
-- The fast lane of finish. Each settlement is fenced by its own token: a stale one
-- refuses itself and none of the others, as does one whose message Celery's own sweep
-- put back into its queue.
--
-- What was held is taken away before results are written: a script that has written
-- nothing yet may not enlarge a Redis that is over its maxmemory, and then the workers
-- could not even drain it.
--
-- KEYS[1]  unacked        HASH  token -> JSON [envelope, exchange, routing key], kombu's
-- KEYS[2]  unacked_index  ZSET  token, scored by claim time, kombu's
-- KEYS[3]  leases         ZSET  token, scored by the Unix millisecond the lease ends
-- KEYS[4]  owners         HASH  token -> JSON, see claim
-- KEYS[5]  crashes        HASH  task id -> how often its worker died under it
-- KEYS[6]  cancelled      ZSET  task id, scored by the Unix millisecond of the request
-- KEYS[7]  lost           ZSET  token that was taken from its worker, scored by Unix milliseconds
-- KEYS[8…] results        STRING with TTL  for each settlement in order, where its result goes
-- ARGV[1]  keep           seconds for which results are kept; 0: for ever
-- ARGV[2]  prefix         how many bytes stand before the task id in a result's key
-- ARGV[3…] settlements    pairs: token, "" when the message was acknowledged early and nothing fences; result as JSON,
--                         "" for none. Published as well. A stored SUCCESS is never overwritten (Celery's rule,
--                         see results).
--
-- Returns  for each settlement in order: 1 when written; 0 when the claim was taken away; 2 when nobody holds it and
--          nobody took it: then a caller who repeats a call whose answer was lost knows that it got through. With
--          doubts, see results.
local keep = tonumber(ARGV[1])
local tokens, answers = {}, {}
for i = 3, #ARGV, 2 do
    if ARGV[i] ~= "" then tokens[#tokens + 1] = ARGV[i] end
end

-- How many there were tells that all were there, as nearly always.
local held = tokens
if redis.call("ZREM", KEYS[3], "", unpack(tokens)) < #tokens then
    held = {}
    -- An owner's record comes and goes with its lease.
    for i, owner in ipairs(redis.call("HMGET", KEYS[4], unpack(tokens))) do
        if owner then
            held[#held + 1] = tokens[i]
        else
            answers[tokens[i]] = redis.call("ZSCORE", KEYS[7], tokens[i]) and 0 or 2
        end
    end
end
if #held > 0 then
    if redis.call("ZREM", KEYS[2], unpack(held)) < #held then
        local now = redis.call("TIME")[1] * 1000
        for _, token in ipairs(held) do
            if redis.call("HEXISTS", KEYS[1], token) == 0 then
                answers[token] = 0
                redis.call("ZADD", KEYS[7], now, token)
            end
        end
    end
    redis.call("HDEL", KEYS[1], unpack(held))
    redis.call("HDEL", KEYS[4], unpack(held))
end

local function store(key, json, ...)
    -- Nearly always the first result of its task.
    local isFirst = redis.call("SET", key, json, "NX", ...)
    if not isFirst and results.stays(key, redis.call("GET", key), json) then return end
    if not isFirst then redis.call("SET", key, json, ...) end
    redis.call("PUBLISH", key, json)
end

local written, over = {}, {}
for i = 3, #ARGV, 2 do
    local key, answer = KEYS[(i - 3) / 2 + 8], answers[ARGV[i]] or 1
    written[#written + 1] = answer
    if answer == 1 then
        over[#over + 1] = key
        if ARGV[i + 1] ~= "" then
            if keep > 0 then store(key, ARGV[i + 1], "EX", ARGV[1]) else store(key, ARGV[i + 1]) end
        end
    end
end

-- The crash count and the cancellation of a task that is over go too; mostly nobody has any.
if #over > 0 and redis.call("EXISTS", KEYS[5], KEYS[6]) > 0 then
    for i, key in ipairs(over) do over[i] = string.sub(key, ARGV[2] + 1) end
    redis.call("HDEL", KEYS[5], unpack(over))
    redis.call("ZREM", KEYS[6], unpack(over))
end
return results.answer(written)

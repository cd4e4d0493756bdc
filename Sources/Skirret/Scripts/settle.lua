-- settle: end many claims that leave nothing behind but their results.
--
-- The fast lane of finish. Each settlement is fenced by its own token: a stale one
-- refuses itself and none of the others.
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
-- ARGV[2…] settlements    groups of four: token, "" when the message was acknowledged early and nothing fences;
--                         task id; "1" when the task is over: its crash count and cancellation go too; result as
--                         JSON, "" for none. Published as well. A stored SUCCESS is never overwritten (Celery's rule).
--
-- Returns  for each settlement in order: 1 when written; 0 when the claim was taken away; 2 when nobody holds it and
--          nobody took it: then a caller who repeats a call whose answer was lost knows that it got through.
local keep = tonumber(ARGV[1])
local tokens, keys, results, seen = {}, {}, {}, {}
for i = 2, #ARGV, 4 do tokens[#tokens + 1] = ARGV[i] end
local leases = redis.call("ZMSCORE", KEYS[3], unpack(tokens))
local answers, held, over = {}, {}, {}
for i, token in ipairs(tokens) do
    if token ~= "" and not leases[i] then
        answers[i] = redis.call("ZSCORE", KEYS[7], token) and 0 or 2
    else
        local at = 4 * i - 2
        answers[i] = 1
        if token ~= "" then held[#held + 1] = token end
        if ARGV[at + 2] == "1" then over[#over + 1] = ARGV[at + 1] end
        if ARGV[at + 3] ~= "" then
            keys[#keys + 1] = KEYS[i + 7]
            results[#results + 1] = ARGV[at + 3]
        end
    end
end
local stored = #keys > 0 and redis.call("MGET", unpack(keys))

if #held > 0 then
    redis.call("HDEL", KEYS[1], unpack(held))
    redis.call("ZREM", KEYS[2], unpack(held))
    redis.call("ZREM", KEYS[3], unpack(held))
    redis.call("HDEL", KEYS[4], unpack(held))
end
if #over > 0 then
    redis.call("HDEL", KEYS[5], unpack(over))
    redis.call("ZREM", KEYS[6], unpack(over))
end

-- Decoded to look at the state only; a result may well contain somebody else's "status".
local function succeeded(json)
    local ok, result = pcall(cjson.decode, json)
    return ok and type(result) == "table" and result.status == "SUCCESS"
end

for i, key in ipairs(keys) do
    -- The same task twice in one call: the second sees what the first wrote.
    local before = seen[key] or stored[i]
    if not (before and succeeded(before)) then
        if keep > 0 then redis.call("SETEX", key, keep, results[i]) else redis.call("SET", key, results[i]) end
        redis.call("PUBLISH", key, results[i])
        seen[key] = results[i]
    end
end
return answers

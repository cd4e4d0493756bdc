-- finish: settle one claim. Result, follow-up messages, acknowledgement: all or nothing.
--
-- Refused when the token is stale: another worker owns the message now, and
-- writing would corrupt its claim. Stale is also what Celery's own sweep put back
-- into its queue (its visibility timeout knows nothing of our leases): the lease is
-- still there then, the entry in `unacked` is not.
--
-- A dead letter of which somebody is to be told is settled the same way, see retell: its two keys
-- stand for unacked, leases, owners and lost, and its id is the token.
--
-- KEYS[1]  unacked        HASH  token -> JSON [envelope, exchange, routing key], kombu's
-- KEYS[2]  unacked_index  ZSET  token, scored by claim time, kombu's
-- KEYS[3]  leases         ZSET  token, scored by the Unix millisecond the lease ends
-- KEYS[4]  owners         HASH  token -> JSON, see claim
-- KEYS[5]  crashes        HASH  task id -> how often its worker died under it
-- KEYS[6]  scheduled      ZSET  entry id, scored by the Unix millisecond it is due
-- KEYS[7]  messages       HASH  entry id -> queue key, newline, message
-- KEYS[8]  cancelled      ZSET  task id, scored by the Unix millisecond of the request
-- KEYS[9]  lost           ZSET  token that was taken from its worker, scored by Unix milliseconds
-- KEYS[10] waiting        HASH  see limits.lua, which stands in front
-- KEYS[11] settled        STRING with TTL  present once a run that nothing fences has sent its follow-ups
-- KEYS[12] fair           HASH  queue -> how many of its messages wait to be dealt; see fair, which stands in front
-- ARGV[1]  token          "" when the message was acknowledged early: then nothing fences
-- ARGV[2]  task id
-- ARGV[3]  channel        where waiting workers hear of new messages
-- ARGV[4]  final          "1" when the task is over: its crash count and cancellation go too
-- ARGV[5]  results        how many groups of three follow: key, JSON, seconds to keep (0: for ever).
--                         Published as well. A stored SUCCESS is never overwritten (Celery's rule, see results).
-- …        follow-ups     how many groups of four follow: queue key, entry id, due, message;
--                         due is "0" for now, "+n" for n milliseconds from now, else a Unix millisecond
-- …        unique         the key that keeps equal calls out, or "": released if this task stands for them
-- …        single         the single-flight key to release if this token holds it, or ""
-- …        batch          the keys of the batch and of its open tasks, and "succeeded" or "failed"; three times "" for none
--
-- Returns  1 when written; 0 when the claim was taken away; 2 when nobody holds it and nobody took it: then a
--          caller who repeats a call whose answer was lost knows that it got through. With doubts, see results.
if ARGV[1] ~= "" then
    if not redis.call("ZSCORE", KEYS[3], ARGV[1]) then return redis.call("ZSCORE", KEYS[9], ARGV[1]) and 0 or 2 end
    if redis.call("HEXISTS", KEYS[1], ARGV[1]) == 0 then return 0 end
end
redis.call("HDEL", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
-- Two minutes: nobody repeats a call for longer than one.
local sends = ARGV[6 + 3 * ARGV[5]] ~= "0"
if ARGV[1] == "" and sends and not redis.call("SET", KEYS[11], "1", "NX", "EX", 120) then return 2 end
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local at = 6
for _ = 1, tonumber(ARGV[5]) do
    local key, json, keep = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
    at = at + 3
    local stored = redis.call("GET", key)
    if not (stored and results.stays(key, stored, json)) then
        if keep > 0 then redis.call("SETEX", key, keep, json) else redis.call("SET", key, json) end
        redis.call("PUBLISH", key, json)
    end
end

local count, isDealt = tonumber(ARGV[at]), false
at = at + 1
for _ = 1, count do
    local queue, entry, due, message = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
    at = at + 4
    if due ~= "0" then
        if string.sub(due, 1, 1) == "+" then due = now + tonumber(due) end
        redis.call("HSET", KEYS[7], entry, queue .. "\n" .. message)
        redis.call("ZADD", KEYS[6], due, entry)
    else
        isDealt = fair.put(KEYS[12], queue, message) or isDealt
    end
end
if count > 0 then redis.call("PUBLISH", ARGV[3], "scheduled") end
if isDealt then redis.call("PUBLISH", ARGV[3], "fair") end

local unique, single = ARGV[at], ARGV[at + 1]
if unique ~= "" and redis.call("GET", unique) == ARGV[2] then redis.call("DEL", unique) end
if ARGV[at + 2] ~= "" then batch.done(ARGV[at + 2], ARGV[at + 3], ARGV[3], KEYS[12], { ARGV[2], ARGV[at + 4] }) end
if single ~= "" and redis.call("GET", single) == ARGV[1] .. "|" .. ARGV[2] then redis.call("DEL", single) end
if ARGV[4] == "1" then
    redis.call("HDEL", KEYS[5], ARGV[2])
    redis.call("ZREM", KEYS[8], ARGV[2])
end
redis.call("HDEL", KEYS[1], ARGV[1])
redis.call("ZREM", KEYS[2], ARGV[1])
redis.call("ZREM", KEYS[3], ARGV[1])
redis.call("HDEL", KEYS[4], ARGV[1])
local k = { waiting = KEYS[10], leases = KEYS[3], wake = ARGV[3] }
limits.leave(ARGV[1], k, now, time[1] * 1000000 + time[2])
return results.answer(1)

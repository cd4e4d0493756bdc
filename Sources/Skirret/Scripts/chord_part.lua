-- chord part: record one part of a chord, and say whether it was the last.
--
-- The steps and keys are those of Celery 5.7, so that Python workers and ours can
-- share one chord: a duplicate is recognised by `.d`, and whoever claims `.c`
-- publishes the body.
--
-- KEYS[1]  .j    ZSET  JSON [1, task id, state, result], scored by position
-- KEYS[2]  .t    STRING  parts added while the chord ran
-- KEYS[3]  .s    STRING  how many parts there are
-- KEYS[4]  .d    SET   "task id:position" of the parts that were counted
-- KEYS[5]  base  STRING  the saved group, of complex headers only
-- KEYS[6]  .c    STRING  who publishes the body, or "done"
-- ARGV[1]  position  as the message has it, "+inf" when it has none
-- ARGV[2]  part      the JSON for .j
-- ARGV[3]  task id
-- ARGV[4]  keep      seconds
-- ARGV[5]  claim     our name for .c
-- ARGV[6]  seconds   how long a claim of .c holds
--
-- Returns  the parts in order when this call claimed the body, false otherwise.
if redis.call("GET", KEYS[6]) == "done" then return false end
local mark = ARGV[3] .. ":" .. ARGV[1]
if redis.call("SISMEMBER", KEYS[4], mark) == 0 then
    redis.call("ZADD", KEYS[1], ARGV[1], ARGV[2])
    redis.call("SADD", KEYS[4], mark)
end
local ready = redis.call("ZCOUNT", KEYS[1], "-inf", "+inf")
for i = 1, 5 do redis.call("EXPIRE", KEYS[i], ARGV[4]) end
local size = redis.call("GET", KEYS[3])
if not size or ready ~= tonumber(size) + tonumber(redis.call("GET", KEYS[2]) or 0) then return false end
-- A call whose answer was lost is repeated under the same name, and still holds what it claimed.
if redis.call("GET", KEYS[6]) == ARGV[5] then
    redis.call("EXPIRE", KEYS[6], ARGV[6])
elseif not redis.call("SET", KEYS[6], ARGV[5], "NX", "EX", ARGV[6]) then
    return false
end
return redis.call("ZRANGE", KEYS[1], 0, -1)

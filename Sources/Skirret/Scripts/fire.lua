-- fire: enqueue one firing of a schedule, once, and only for the leader of this term.
--
-- KEYS[1]  fired      STRING  the fire key "schedule@due": a second firing finds it
-- KEYS[2]  term       STRING  the current leader's term
-- KEYS[3]  runs       HASH  schedule -> "due at count task", times in Unix milliseconds; its newest firing
-- KEYS[4]  queue      LIST  one queue at one priority step; oldest at the right
-- KEYS[5]  binding    SET   kombu's table of the queue's own exchange
-- KEYS[6]  permanent  SET   kombu's table of bindings that a sweep must keep
-- KEYS[7]  ledger     SET   ids of tasks that a ledger has put into Redis and that are not over, see accept
-- KEYS[8]  fair       HASH  queue -> how many of its messages wait to be dealt; see fair, which stands in front
-- ARGV[1]  term       ours
-- ARGV[2]  schedule   its name
-- ARGV[3]  due        Unix millisecond
-- ARGV[4]  remember   seconds for which the fire key is kept
-- ARGV[5]  task id
-- ARGV[6]  message    the envelope, as it goes on the wire; "" only notes that this due time is passed over
-- ARGV[7]  member     the binding's member, kombu's format
-- ARGV[8]  channel    where waiting workers hear of it
-- ARGV[9]  ledger     "1" when the firing is in a ledger: whoever puts an id on the set puts the message in the queue
--
-- Returns  1 when fired or passed over, 0 when it had been, -1 when somebody else leads; 2 when a Redis fired that was
--          emptied, see enqueue.
if redis.call("GET", KEYS[2]) ~= ARGV[1] then return -1 end
if not redis.call("SET", KEYS[1], ARGV[1], "NX", "EX", ARGV[4]) then return 0 end
local at, count, task, isBare = "0", 0, "-", false
local held = redis.call("HGET", KEYS[3], ARGV[2])
if held then at, count, task = string.match(held, "^%S+ (%S+) (%S+) (%S+)") end
if ARGV[6] ~= "" then
    local time = redis.call("TIME")
    at = string.format("%d", time[1] * 1000 + math.floor(time[2] / 1000))
    count, task = count + 1, ARGV[5]
    isBare = redis.call("SADD", KEYS[5], ARGV[7]) == 1
    redis.call("SADD", KEYS[6], ARGV[7])
    if ARGV[9] == "" or redis.call("SADD", KEYS[7], ARGV[5]) == 1 then
        redis.call("PUBLISH", ARGV[8], fair.put(KEYS[8], KEYS[4], ARGV[6]) and "fair" or "queued")
    end
end
redis.call("HSET", KEYS[3], ARGV[2], ARGV[3] .. " " .. at .. " " .. count .. " " .. task)
return isBare and 2 or 1

-- revoke: make it a durable fact that tasks shall not run (on).
--
-- A task that waits, for its time or for something else, is made due: whoever claims it settles it as
-- revoked, with its chain, its chord and its events. For one that nobody has
-- begun, REVOKED is stored at once, so that its caller need not wait until a
-- worker comes to it. A run that goes on is left alone unless it is terminated.
--
-- KEYS[1]  revoked    ZSET  task id, scored by the Unix millisecond of the request
-- KEYS[2]  cancelled  ZSET  the same, for tasks whose running body is to be stopped too
-- KEYS[3]  scheduled  ZSET  entry id, scored by the Unix millisecond it is due
-- KEYS[4]  waiting    HASH  task id -> JSON {why, …}, newline, message; see shelve and limits for what belongs to it
-- ARGV[1]  terminate  "1" to stop a running body as well
-- ARGV[2]  remember   milliseconds for which a revocation is remembered
-- ARGV[3]  most       how many are remembered; the oldest are forgotten first
-- ARGV[4]  keep       seconds for which the result is kept; 0: for ever
-- ARGV[5]  channel    where waiting workers hear of messages that became due
-- ARGV[6]  owners     HASH  token -> JSON {worker, queue key, tail, task, name, at}; no key, as Redis takes those for
--                     written, and who may revoke need not have that right
-- ARGV[7…] tasks      task id, result key ("" where results live elsewhere), REVOKED result as JSON, …; JSON ""
--                     only remembers, and does not make young again what is remembered already
--
-- Returns  [how many tasks that waited for their time, for a worker or for a limit are due now; the ids of those whose
--          results live elsewhere and that run nowhere of ours, see note].
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- What runs somewhere of ours; asked once, and only when it matters.
local running
local function runs(task)
    if not running then
        running = {}
        for _, owner in ipairs(redis.call("HVALS", ARGV[6])) do
            local id = string.match(owner, '"task":"([^"]*)"')
            if id then running[id] = true end
        end
    end
    return running[task]
end

local due, idle = 0, {}
for i = 7, #ARGV, 3 do
    local task, key, json = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    if json == "" then redis.call("ZADD", KEYS[1], "NX", now, task) else redis.call("ZADD", KEYS[1], now, task) end
    if ARGV[1] == "1" then redis.call("ZADD", KEYS[2], now, task) end
    if json ~= "" and key == "" and not runs(task) then idle[#idle + 1] = task end
    if json ~= "" and key ~= "" and results.isOpen(redis.call("GET", key)) and not runs(task) then
        if ARGV[4] ~= "0" then redis.call("SETEX", key, ARGV[4], json) else redis.call("SET", key, json) end
        redis.call("PUBLISH", key, json)
    end
    if redis.call("ZSCORE", KEYS[3], task) then
        redis.call("ZADD", KEYS[3], now, task)
        due = due + 1
    end
    local held = redis.call("HGET", KEYS[4], task)
    if held then
        local line = string.find(held, "\n", 1, true)
        local about = cjson.decode(string.sub(held, 1, line - 1))
        redis.call("HDEL", KEYS[4], task)
        redis.call("ZREM", KEYS[4] .. ":overdue", task)
        redis.call("ZREM", KEYS[4] .. ":offers", task)
        redis.call("ZREM", KEYS[4] .. ":telling", task)
        if about.place then
            local member = about.place .. "\n" .. string.format("%013.0f", about.since) .. "\n" .. task
            redis.call("ZREM", KEYS[4] .. ":names", member)
        end
        redis.call("RPUSH", about.list, string.sub(held, line + 1))
        due = due + 1
    end
end
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now - ARGV[2])
redis.call("ZREMRANGEBYRANK", KEYS[1], 0, -1 - ARGV[3])
if due > 0 then redis.call("PUBLISH", ARGV[5], "scheduled") end
return { due, idle }

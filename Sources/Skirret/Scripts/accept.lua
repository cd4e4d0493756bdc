-- accept: put messages that a ledger outside Redis vouches for where they belong, each of them once for good.
--
-- Whoever keeps the ledger calls this again whenever Redis may have lost something. An id is in the
-- set exactly as long as what was done for it is in Redis too, as both come and go in one step.
--
-- KEYS[1]  ledger     SET   ids of tasks that were put here and are not over
-- KEYS[2]  scheduled  ZSET  entry id, scored by the Unix millisecond it is due
-- KEYS[3]  messages   HASH  entry id -> queue key, newline, message
-- KEYS[4]  fair       HASH  queue -> how many of its messages wait to be dealt; see fair, which stands in front
-- ARGV[1]  channel    where workers hear of new messages; with ":" and a list, those that do not block on that list
-- ARGV[2…] messages   groups of four: queue key, task id, the Unix millisecond it is due or "0", message
--
-- Returns  for each message in order: 1 when it was put there now, 0 when it had been, or the error of its list.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answers, lists, scheduled, isAnyDealt = {}, {}, false, false
for i = 2, #ARGV, 4 do
    local list, id, due, message = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
    local answer = redis.call("SADD", KEYS[1], id)
    if answer == 1 and due > now then
        redis.call("HSET", KEYS[3], id, list .. "\n" .. message)
        redis.call("ZADD", KEYS[2], due, id)
        scheduled = true
    elseif answer == 1 then
        local key, weight = fair.turn(message)
        local pushed = 1
        if key then
            fair.push(KEYS[4], list, key, weight, { message })
            isAnyDealt = true
        else
            pushed = redis.pcall("LPUSH", list, message)
        end
        if type(pushed) == "table" then
            redis.call("SREM", KEYS[1], id) -- no list lies under the queue's name: the next try must not count as a repeat
            answer = pushed.err
        elseif not key then
            lists[list] = true
        end
    end
    answers[#answers + 1] = answer
end
for list in pairs(lists) do redis.call("PUBLISH", ARGV[1] .. ":" .. list, "queued") end
if scheduled then redis.call("PUBLISH", ARGV[1], "scheduled") end
if isAnyDealt then redis.call("PUBLISH", ARGV[1], "fair") end
return answers

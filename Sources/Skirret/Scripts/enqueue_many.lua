-- enqueue many: put the messages of many calls where they belong, each of them once.
--
-- A producer whose answer was lost repeats the call, and messages whose marker is there are passed over. What Redis
-- refuses for one list (no list lies under the queue's name) leaves no marker and does not touch the other lists.
--
-- KEYS[1]  scheduled  ZSET  entry id, scored by the Unix millisecond it is due
-- KEYS[2]  messages   HASH  entry id -> queue key, newline, message
-- KEYS[3]  fair       HASH  queue -> how many of its messages wait to be dealt; see fair, which stands in front
-- ARGV[1]  repeat     seconds for which a repeat is recognised
-- ARGV[2]  marker     what stands before an entry id in its marker's key
-- ARGV[3]  channel    where workers hear of new messages; with ":" and a list, those that do not block on that list
-- ARGV[4…] groups     each of them: queue key, kombu's table of the queue's own exchange, kind, how many messages, and
--                     for each message entry id, message. Kind "now" puts them in the queue; a number is the
--                     milliseconds they wait in the scheduled set; "fair" puts them behind those of their fair key,
--                     which stands before the messages, and its weight
--
-- Returns  [number of the group (from 1), error, … for each group that was refused; the others were accepted], and the
--          numbers of groups that were accepted by a Redis that was emptied, see enqueue.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local at, number, refused, bare, scheduled, isDealt = 4, 0, {}, {}, {}, false
local function take()
    at = at + 1
    return ARGV[at - 1]
end
while at <= #ARGV do
    number = number + 1
    local queue, binding, kind, count = take(), take(), take(), tonumber(take())
    local key, weight
    if kind == "fair" then key, weight = take(), take() end
    local fresh, markers, isFirst = {}, {}, false
    for _ = 1, count do
        local id, message = take(), take()
        local marker = ARGV[2] .. id
        if redis.call("SET", marker, "1", "NX", "EX", ARGV[1]) then
            fresh[#fresh + 1], markers[#markers + 1] = message, marker
            if kind ~= "now" and kind ~= "fair" then
                redis.call("HSET", KEYS[2], id, queue .. "\n" .. message)
                redis.call("ZADD", KEYS[1], now + kind, id)
                scheduled[id] = true
            end
        end
    end
    if #fresh > 0 and kind == "now" then
        local pushed = redis.pcall("LPUSH", queue, unpack(fresh))
        if type(pushed) == "table" then
            redis.call("DEL", unpack(markers))
            refused[#refused + 1], refused[#refused + 2] = number, pushed.err
        else
            redis.call("PUBLISH", ARGV[3] .. ":" .. queue, "queued")
            isFirst = pushed == #fresh
        end
    elseif #fresh > 0 and kind == "fair" then
        isFirst = fair.push(KEYS[3], queue, key, weight, fresh)
        isDealt = true
    elseif #fresh > 0 then
        isFirst = redis.call("ZCARD", KEYS[1]) == #fresh
    end
    if isFirst and redis.call("EXISTS", binding) == 0 then bare[#bare + 1] = number end
end
-- Only what is due first changes when workers have to look again.
local first = next(scheduled) and redis.call("ZRANGE", KEYS[1], 0, 0)[1]
if first and scheduled[first] then redis.call("PUBLISH", ARGV[3], "scheduled") end
if isDealt then redis.call("PUBLISH", ARGV[3], "fair") end
return { refused, bare }

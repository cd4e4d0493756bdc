-- heartbeat: say that this worker lives, and renew the leases of all it holds.
--
-- kombu's index is renewed too, so that Python workers never take a live
-- worker's message for an abandoned one.
--
-- KEYS[1]  leases         ZSET  token, scored by the Unix millisecond the lease ends
-- KEYS[2]  unacked_index  ZSET  token, scored by claim time in Unix seconds, kombu's
-- KEYS[3]  workers        ZSET  node name, scored by the Unix millisecond it counts as gone
-- KEYS[4]  descriptions   HASH  node name -> JSON {concurrency, active, queues, …}
-- KEYS[5]  cancelled      ZSET  task id, scored by the Unix millisecond of the request
-- KEYS[6]  unacked        HASH  token -> JSON [envelope, exchange, routing key], kombu's
-- ARGV[1]  lease          milliseconds
-- ARGV[2]  worker         node name
-- ARGV[3]  description    JSON
-- ARGV[4]  channel        where monitors hear of it, or "" when they shall not
-- ARGV[5]  event          Celery's worker-heartbeat
-- ARGV[6…] held           token, task id, token, task id, …
--
-- Returns  [[tokens whose lease is lost], [task ids whose run is to be cancelled], 1 when nobody knew this worker: it
--          is new, counted as gone, or Redis was emptied].
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local seconds = string.format("%d.%06d", time[1], time[2])
redis.call("ZREM", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
local isNew = redis.call("ZADD", KEYS[3], now + ARGV[1], ARGV[2])
redis.call("HSET", KEYS[4], ARGV[2], ARGV[3])
if ARGV[4] ~= "" then redis.call("PUBLISH", ARGV[4], ARGV[5]) end
local lost, cancelled = {}, {}
local isAnyCancelled = redis.call("EXISTS", KEYS[5]) == 1
for first = 6, #ARGV, 1000 do
    local tokens, leases, index = {}, {}, {}
    for i = first, math.min(first + 999, #ARGV), 2 do tokens[#tokens + 1] = ARGV[i] end
    for i, lease in ipairs(redis.call("ZMSCORE", KEYS[1], unpack(tokens))) do
        local token, task = tokens[i], ARGV[first + 2 * i - 1]
        if not lease then
            lost[#lost + 1] = token
        else
            leases[#leases + 1], leases[#leases + 2] = now + ARGV[1], token
            index[#index + 1], index[#index + 2] = seconds, token
            if isAnyCancelled and redis.call("ZSCORE", KEYS[5], task) then cancelled[#cancelled + 1] = task end
        end
    end
    if #leases > 0 then
        redis.call("ZADD", KEYS[1], unpack(leases))
        -- How many changed tells that all were there, as nearly always. What is not went back into its queue by
        -- Celery's own sweep: its visibility timeout was shorter than our pause, or its clock is ahead.
        if redis.call("ZADD", KEYS[2], "XX", "CH", unpack(index)) < #index / 2 then
            for i = 2, #leases, 2 do
                if redis.call("HEXISTS", KEYS[6], leases[i]) == 0 then lost[#lost + 1] = leases[i] end
            end
        end
    end
end
return { lost, cancelled, isNew }

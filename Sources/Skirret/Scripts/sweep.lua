-- sweep: find the leases that ran out, and forget the workers that are gone.
--
-- A stall of Redis itself must not look like the death of everybody. Live workers
-- sweep every two seconds, so a gap of half a lease means that nobody could renew
-- either: for one lease from now on nothing is taken.
--
-- KEYS[1]  leases         ZSET  token, scored by the Unix millisecond the lease ends
-- KEYS[2]  swept          STRING  Unix millisecond of the last sweep
-- KEYS[3]  workers        ZSET  node name, scored by the Unix millisecond it counts as gone
-- KEYS[4]  descriptions   HASH  node name -> JSON
-- KEYS[5]  cancelled      ZSET  task id, scored by the Unix millisecond of the request
-- KEYS[6]  stalled        STRING with TTL  present while leases may be overdue through no fault of their workers
-- KEYS[7]  lost           ZSET  token that was taken from its worker, scored by Unix milliseconds
-- KEYS[8]  scheduled      ZSET  entry id, scored by the Unix millisecond it is due
-- KEYS[9]  names          ZSET  present while messages wait for a worker that knows their task
-- KEYS[10] limits         ZSET  present while messages wait for a place in a limit
-- KEYS[11] tasks          HASH  node name -> JSON array of the tasks it knows
-- KEYS[12] fair           HASH  present while messages wait to be dealt, see deal
-- KEYS[13] vouched        ZSET  node name, scored by the Unix millisecond until which its process counts as alive
-- KEYS[14] owners         HASH  token -> JSON, see claim
-- KEYS[15] repairs        HASH  count: claims that were found without a lease; cursor: how far the search for them is
-- KEYS[16] untold         ZSET  dead letter id, scored by the Unix millisecond at which a sweep tells; see retell
-- ARGV[1]  lease          milliseconds
-- ARGV[2]  most           how many expired tokens at the most
-- ARGV[3]  remember       milliseconds for which a cancellation is remembered
--
-- Returns  [expired tokens, to be given to restore; milliseconds until the next lease ends; milliseconds until the
--          next scheduled message is due; 1 when something waits otherwise; how many claims without a lease were
--          found; how many dead letters are to be told of]; -1 where there is none.
redis.call("ZREM", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call("GET", KEYS[2]) or now)
redis.call("SET", KEYS[2], now)
if now - last > ARGV[1] / 2 then redis.call("SET", KEYS[6], now, "PX", ARGV[1]) end
local function left(key)
    local first = redis.call("ZRANGE", key, 0, 0, "WITHSCORES")
    return first[2] and math.max(0, first[2] - now) or -1
end
if redis.call("EXISTS", KEYS[6]) == 1 then return { {}, -1, left(KEYS[8]), 0, 0, 0 } end
for _, node in ipairs(redis.call("ZRANGEBYSCORE", KEYS[3], "-inf", now, "LIMIT", 0, 100)) do
    redis.call("ZREM", KEYS[3], node)
    redis.call("HDEL", KEYS[4], node)
    redis.call("HDEL", KEYS[11], node)
end
redis.call("ZREMRANGEBYSCORE", KEYS[5], "-inf", now - ARGV[3])
-- An hour: no worker is that late to learn that its claim is gone.
redis.call("ZREMRANGEBYSCORE", KEYS[7], "-inf", now - 3600000)
local waits = redis.call("EXISTS", KEYS[9], KEYS[10], KEYS[12])
local expired = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now, "LIMIT", 0, ARGV[2])
redis.call("ZREMRANGEBYSCORE", KEYS[13], "-inf", now)
if #expired > 0 and redis.call("EXISTS", KEYS[13]) == 1 then
    local orphans = {}
    for i, owner in ipairs(redis.call("HMGET", KEYS[14], unpack(expired))) do
        local node = owner and cjson.decode(owner).worker
        if node and redis.call("ZSCORE", KEYS[13], node) then
            redis.call("ZADD", KEYS[1], "XX", now + ARGV[1], expired[i])
        else
            orphans[#orphans + 1] = expired[i]
        end
    end
    expired = orphans
end

-- What is held without a lease nobody would ever give back. No script of ours leaves such a claim; should one be there
-- all the same, it expires with the next sweep. A part of all claims each time.
local part = redis.call("HSCAN", KEYS[14], redis.call("HGET", KEYS[15], "cursor") or "0", "COUNT", 100)
if part[1] == "0" then redis.call("HDEL", KEYS[15], "cursor") else redis.call("HSET", KEYS[15], "cursor", part[1]) end
local repaired = 0
for i = 1, #part[2], 2 do
    if not redis.call("ZSCORE", KEYS[1], part[2][i]) then
        redis.call("ZADD", KEYS[1], now, part[2][i])
        redis.call("HINCRBY", KEYS[15], "count", 1)
        repaired = repaired + 1
    end
end
local untold = redis.call("ZCOUNT", KEYS[16], "-inf", now)
return { expired, left(KEYS[1]), left(KEYS[8]), waits, repaired, untold }

-- vouch: say that worker processes live, whatever keeps them from saying so themselves.
--
-- By whoever watches their processes. While it lasts no sweep takes a message from them: a process that the machine
-- gives no time to is no dead one.
--
-- KEYS[1]  vouched        ZSET  node name, scored by the Unix millisecond until which its process counts as alive
-- KEYS[2]  workers        ZSET  node name, scored by the Unix millisecond it counts as gone
-- ARGV[1]  lease          milliseconds
-- ARGV[2…] nodes
--
-- Returns  the nodes whose own heartbeat does not count any more.
redis.call("ZREM", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local silent = {}
for i = 2, #ARGV do
    redis.call("ZADD", KEYS[1], now + ARGV[1], ARGV[i])
    local beats = redis.call("ZSCORE", KEYS[2], ARGV[i])
    if not beats or tonumber(beats) <= now then silent[#silent + 1] = ARGV[i] end
end
return silent

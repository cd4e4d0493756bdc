-- settle source: keep what a data source has answered, tell those who listen if it is news, and say when it is due next.
--
-- One step, because an answer that is told but not kept is a gap for whoever comes a moment later.
--
-- KEYS[1]  due      ZSET  source id, scored by the Unix millisecond at which it is asked next
-- KEYS[2]  source   HASH with TTL  see DataSourceStore
-- ARGV[1]  id       the source
-- ARGV[2]  token    of the claim
-- ARGV[3]  version  of the answer
-- ARGV[4]  state    "ok" or "error"
-- ARGV[5]  answer   JSON
-- ARGV[6]  channel  where relays listen
-- ARGV[7]  event    what they are told when the version is another one
-- ARGV[8]  slowest  milliseconds that a source which fails again and again waits at the most, unless its interval is longer
--
-- Returns  1 when it was told, 0 when it was no news, -1 when another poller has taken over and nothing was kept.
local held = redis.call("HMGET", KEYS[2], "token", "version", "interval", "asked", "failures", "again")
if held[1] ~= ARGV[2] then return -1 end
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local interval, asked = tonumber(held[3]), tonumber(held[4]) or now

local failures, pause = 0, interval
if ARGV[4] == "error" then
    failures = (tonumber(held[5]) or 0) + 1
    pause = math.max(interval, math.min(interval * 2 ^ math.min(failures, 20), tonumber(ARGV[8])))
end
-- A source that takes longer than its interval has a rest all the same.
local next = math.max(asked + pause, now + math.min(pause / 4, 1000))
if held[6] then next = now end
redis.call("ZADD", KEYS[1], "XX", string.format("%.0f", next), ARGV[1])
redis.call("HDEL", KEYS[2], "token", "task", "sent", "again")
redis.call("HSET", KEYS[2], "failures", failures, "state", ARGV[4])
if held[2] == ARGV[3] then return 0 end
redis.call("HSET", KEYS[2], "version", ARGV[3], "answer", ARGV[5])
redis.call("PUBLISH", ARGV[6], ARGV[7])
return 1

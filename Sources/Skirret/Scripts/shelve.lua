-- shelve: put a claimed message aside, because this worker does not know its task.
--
-- It waits in Redis for a worker that takes from the same queue and knows the name; see survey and adopt.
--
-- KEYS[1]  unacked        HASH  token -> JSON [envelope, exchange, routing key], kombu's
-- KEYS[2]  unacked_index  ZSET  token, scored by claim time, kombu's
-- KEYS[3]  leases         ZSET  token, scored by the Unix millisecond the lease ends
-- KEYS[4]  owners         HASH  token -> JSON, see claim
-- KEYS[5]  waiting        HASH  task id -> JSON {why, …}, newline, message
-- KEYS[6]  names          ZSET  place, newline, 13 digits of the Unix millisecond, newline, task id; all scored 0
-- KEYS[7]  overdue        ZSET  task id, scored by the Unix millisecond of what happens next if nobody comes
-- KEYS[8]  offers         ZSET  task id, scored by the Unix millisecond at which it may be offered, see offer
-- KEYS[9]  offered        STRING  how often it was offered
-- ARGV[1]  token
-- ARGV[2]  task id
-- ARGV[3]  channel        where waiting workers hear of changes
-- ARGV[4]  list           where the message came from
-- ARGV[5]  place          queue and task name as JSON strings, a newline between
-- ARGV[6]  task name
-- ARGV[7]  message        the envelope, as it was claimed
-- ARGV[8]  notice         milliseconds after which whoever waits for the result is told
-- ARGV[9]  patience       milliseconds after which the message is dead
-- ARGV[10] result key     "" when nobody wants the result
-- ARGV[11] result         JSON to be stored at the notice
-- ARGV[12] keep           seconds for which that is kept; 0: for ever
-- ARGV[13] jitter         per mille of the pause before it is offered
-- ARGV[14] elsewhere      "1" where results live in another Redis: then the surveyor stores the notice
--
-- Returns  1 when it waits now, 0 when the claim was taken away.
redis.call("HDEL", KEYS[1], "") -- a full Redis lets scripts write on whose first write needs no memory
if not redis.call("ZSCORE", KEYS[3], ARGV[1]) or redis.call("HEXISTS", KEYS[1], ARGV[1]) == 0 then return 0 end
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call("HSET", KEYS[5], ARGV[2], cjson.encode({
    why = "unknown", list = ARGV[4], place = ARGV[5], name = ARGV[6], since = now, ends = now + ARGV[9],
    key = ARGV[10], result = ARGV[11], keep = ARGV[12], elsewhere = ARGV[14] == "1" or nil,
}) .. "\n" .. ARGV[7])
redis.call("ZADD", KEYS[6], 0, ARGV[5] .. "\n" .. string.format("%013.0f", now) .. "\n" .. ARGV[2])
-- One that came back from an offer is known to somebody who is busy: 1 s, 2 s, … 30 s, and no word to whoever waits.
local offered, notice, pause = tonumber(redis.call("GET", KEYS[9]) or 0), tonumber(ARGV[8]), 100
if offered > 0 then notice, pause = math.max(notice, 60000), math.min(1000 * 2 ^ math.min(offered - 1, 5), 30000) end
redis.call("ZADD", KEYS[8], string.format("%.0f", now + pause * ARGV[13] / 1000), ARGV[2])
local first = ARGV[10] ~= "" and math.min(notice, tonumber(ARGV[9])) or tonumber(ARGV[9])
redis.call("ZADD", KEYS[7], now + first, ARGV[2])
redis.call("HDEL", KEYS[1], ARGV[1])
redis.call("ZREM", KEYS[2], ARGV[1])
redis.call("ZREM", KEYS[3], ARGV[1])
redis.call("HDEL", KEYS[4], ARGV[1])
redis.call("PUBLISH", ARGV[3], "waiting")
return 1

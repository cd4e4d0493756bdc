-- publish_event: remember an event and tell everybody, so that a relay that was away can catch up.
--
-- One atomic step, because an event that is told but not remembered is a gap for whoever was reconnecting,
-- and one that is remembered but not told is late for everybody else.
--
-- KEYS[1]  history   STREAM  topic, data (JSON); about ARGV[4] entries
-- KEYS[2]  epoch     STRING  names the history; a new one when it was emptied
-- ARGV[1]  channel   where relays listen
-- ARGV[2]  topic     as a JSON string, quotes included
-- ARGV[3]  data      one JSON object
-- ARGV[4]  length    entries to keep, roughly
-- ARGV[5]  fresh     random text of letters, digits and hyphens: the epoch that begins if there is none
--
-- Returns  the event's id in the history.
local epoch = redis.call("EXISTS", KEYS[1]) == 1 and redis.call("GET", KEYS[2])
if not epoch then
    epoch = ARGV[5]
    redis.call("SET", KEYS[2], epoch)
end
local id = redis.call("XADD", KEYS[1], "MAXLEN", "~", ARGV[4], "*", "topic", ARGV[2], "data", ARGV[3])

-- Joined as text on purpose: cjson would turn [] into {} and round big integers.
redis.call("PUBLISH", ARGV[1],
    '{"id":"' .. id .. '","epoch":"' .. epoch .. '","topic":' .. ARGV[2] .. ',"data":' .. ARGV[3] .. '}')
return id

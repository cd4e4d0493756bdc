-- publish_event: remember an event and tell everybody, so that a relay that was away can catch up.
--
-- One atomic step, because an event that is told but not remembered is a gap for whoever was reconnecting,
-- and one that is remembered but not told is late for everybody else.
--
-- KEYS[1]  history   STREAM  topic, data (JSON); about ARGV[4] entries
-- ARGV[1]  channel   where relays listen
-- ARGV[2]  topic     as a JSON string, quotes included
-- ARGV[3]  data      one JSON object
-- ARGV[4]  length    entries to keep, roughly
--
-- Returns  the event's id in the history.
local id = redis.call("XADD", KEYS[1], "MAXLEN", "~", ARGV[4], "*", "topic", ARGV[2], "data", ARGV[3])

-- Joined as text on purpose: cjson would turn [] into {} and round big integers.
redis.call("PUBLISH", ARGV[1], '{"id":"' .. id .. '","topic":' .. ARGV[2] .. ',"data":' .. ARGV[3] .. '}')
return id

-- deal: fill a queue up from its fair keys, in turn.
--
-- Deficit round robin over messages: each key gives as many as its weight says, then it is the next one's turn. The
-- queue is kept short, so that a key that comes new is behind a few messages, not behind all of another key's; what
-- lies in it anybody may take, Python workers too.
--
-- KEYS[1]  queue    LIST  one queue at one priority step; oldest at the right
-- KEYS[2]  fair     HASH  queue -> how many of its messages wait to be dealt
-- KEYS[3]  ring     LIST  the fair keys that have messages, whose turn it is at the left
-- KEYS[4]  weights  HASH  fair key -> messages a turn, where that is not one
-- KEYS[5]  credit   STRING  how many messages are left of a turn that the queue had no more room for
-- ARGV[1]  window   up to how many messages the queue is filled
-- ARGV[2]  channel  where waiting workers hear of new messages
-- ARGV[3]  hands    what stands before a fair key in the name of its LIST
--
-- Returns  [how many lay in the queue, how many still wait to be dealt].
local found = redis.call("LLEN", KEYS[1])
local room, moved = tonumber(ARGV[1]) - found, 0
while room > 0 do
    local key = redis.call("LINDEX", KEYS[3], 0)
    if not key then break end
    local credit = tonumber(redis.call("GET", KEYS[5]) or redis.call("HGET", KEYS[4], key) or 1)
    local dealt = redis.call("RPOP", ARGV[3] .. key, math.min(credit, room)) or {}
    if #dealt > 0 then redis.call("LPUSH", KEYS[1], unpack(dealt)) end
    room, moved, credit = room - #dealt, moved + #dealt, credit - #dealt
    if redis.call("EXISTS", ARGV[3] .. key) == 0 then
        redis.call("LPOP", KEYS[3])
        redis.call("HDEL", KEYS[4], key)
        redis.call("DEL", KEYS[5])
    elseif credit <= 0 then
        redis.call("LMOVE", KEYS[3], KEYS[3], "LEFT", "RIGHT")
        redis.call("DEL", KEYS[5])
    else
        redis.call("SET", KEYS[5], credit)
    end
end
if moved > 0 then redis.call("PUBLISH", ARGV[2], "queued") end
local left = redis.call("HINCRBY", KEYS[2], KEYS[1], -moved)
if redis.call("EXISTS", KEYS[3]) == 0 then
    redis.call("HDEL", KEYS[2], KEYS[1])
    left = 0
end
return { found, left }

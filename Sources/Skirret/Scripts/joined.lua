-- joined: clear chords away whose end was sent, where results live in another Redis than the messages; see join.
--
-- ARGV[1]  claim   who took them
-- ARGV[2…] chords  pairs: base key, "body" or "error"
--
-- Returns  how many were cleared away; the others had been taken by somebody else meanwhile.
local count = 0
for i = 2, #ARGV, 2 do
    local base = ARGV[i]
    if redis.call("GET", base .. ".c") == ARGV[1] then
        if ARGV[i + 1] == "body" then
            redis.call("DEL", base .. ".j", base .. ".t", base .. ".s", base .. ".d")
            redis.call("SET", base .. ".c", "done", "EX", 300)
        else
            -- Without its size a copy of a part that comes later cannot fail the chord again.
            redis.call("DEL", base .. ".s")
        end
        count = count + 1
    end
end
return count

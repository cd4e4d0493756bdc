-- note: store what is known of tasks that nobody has begun, where results live elsewhere than messages.
--
-- That a task was revoked, or that nobody knows it: not the last word, and so not over a result, nor over the word of
-- a worker that began. Repeated, it is published again, as whoever waits may have missed the first.
--
-- KEYS[1…]  result  STRING  one for each task; published on the channel of the same name as well
-- ARGV[1]   keep    seconds; 0: for ever
-- ARGV[2…]  result  JSON, one for each key
--
-- Returns  how many were stored, or stored before by this very call.
local count = 0
for i, key in ipairs(KEYS) do
    local stored, json = redis.call("GET", key), ARGV[i + 1]
    if stored == json or results.isOpen(stored) then
        if ARGV[1] ~= "0" then redis.call("SETEX", key, ARGV[1], json) else redis.call("SET", key, json) end
        redis.call("PUBLISH", key, json)
        count = count + 1
    end
end
return count

-- purge: take waiting messages out of one list and settle their tasks as revoked, in one step.
--
-- Whoever claims a message in between keeps it: only what this takes out is settled.
--
-- KEYS[1]  queue     LIST  one queue at one priority step; oldest at the right
-- ARGV[1]  keep      seconds for which results are kept; 0: for ever
-- ARGV[2…] messages  groups of three: message, result key or "", result as JSON. Published as well.
--
-- Returns  how many were still there.
local count = 0
for i = 2, #ARGV, 3 do
    -- Looked for from the right, where it was seen a moment ago.
    if redis.call("LREM", KEYS[1], -1, ARGV[i]) == 1 then
        count = count + 1
        local key, json = ARGV[i + 1], ARGV[i + 2]
        if key ~= "" then
            if ARGV[1] == "0" then redis.call("SET", key, json) else redis.call("SET", key, json, "EX", ARGV[1]) end
            redis.call("PUBLISH", key, json)
        end
    end
end
return count

-- single flight: let one claim at a time run under a name.
--
-- The guard is the running claim's own lease, not a timeout of its own: it holds
-- as long as its worker lives and falls with it.
--
-- KEYS[1]  guard   STRING  token, "|", task id of the claim that runs
-- KEYS[2]  leases  ZSET  token, scored by the Unix millisecond the lease ends
-- ARGV[1]  token
-- ARGV[2]  task id
-- ARGV[3]  keep    seconds after which a forgotten guard is dropped
--
-- Returns  "" when this claim may run, else the id of the task that runs already.
local held = redis.call("GET", KEYS[1])
if held then
    local bar = string.find(held, "|", 1, true)
    local token, task = string.sub(held, 1, bar - 1), string.sub(held, bar + 1)
    if token ~= ARGV[1] and task ~= ARGV[2] and redis.call("ZSCORE", KEYS[2], token) then return task end
end
redis.call("SET", KEYS[1], ARGV[1] .. "|" .. ARGV[2], "EX", ARGV[3])
return ""

-- release: let equal calls in again, as the task that stood for them begins.
--
-- KEYS[1]  unique   STRING with TTL  task id that stands for all equal calls
-- ARGV[1]  task id  only this task's own key is released
--
-- Returns  1 when it was released.
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("DEL", KEYS[1])

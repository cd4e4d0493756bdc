-- batch: what the end of a run and a second look at a batch have in common.
--
-- Not a script by itself: this text stands in front of those scripts, and fair in front of it.
--
--   batch       HASH  total, succeeded, failed, then (queue key, newline, message), sealed, done, "task:<id>" of all
--   batch:open  SET   ids of the batch's tasks that are not over
--
-- Returns  nothing.
local batch = {}

-- Sends what follows a batch; `turns` is the hash that fair calls so.
function batch.follow(queue, message, channel, turns)
    redis.call("PUBLISH", channel, fair.put(turns, queue, message) and "fair" or "queued")
end

-- Counts tasks that are over, each once; the last of a sealed batch sends what follows. Says whether it was the last.
function batch.done(key, open, channel, turns, tasks)
    for i = 1, #tasks, 2 do
        if redis.call("SREM", open, tasks[i]) == 1 then redis.call("HINCRBY", key, tasks[i + 1], 1) end
    end
    if redis.call("EXISTS", open) == 1 or redis.call("HEXISTS", key, "sealed") == 0 then return 0 end
    if redis.call("HSETNX", key, "done", "1") == 0 then return 0 end
    local follower = redis.call("HGET", key, "then")
    if follower then
        local line = string.find(follower, "\n", 1, true)
        batch.follow(string.sub(follower, 1, line - 1), string.sub(follower, line + 1), channel, turns)
    end
    return 1
end

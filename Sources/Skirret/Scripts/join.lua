-- join: count parts of chords, where results live in another Redis than the messages, and say which are complete.
--
-- The body cannot be sent in the same step then. So whoever completes a chord takes `.c` first, as Celery's workers
-- do, sends the body with the acknowledgement of its own message, and clears the chord away (see joined). One that
-- dies in between leaves `.c` under the name of its task: the next run of that task goes on where it ended, and
-- nobody else sends the body meanwhile. See canvas for the keys.
--
-- ARGV[1]  claim   who takes a complete chord: the id of the task that is settled
-- ARGV[2]  expires seconds after which somebody else may take it
-- ARGV[3]  keep    seconds for which a chord's keys are kept
-- ARGV[4…] parts   groups of four: base key, position or "+inf", task id, the JSON for .j
--
-- Returns  for each chord that is complete and ours to end [base key, the parts in order, saved group].
local bases, seen = {}, {}
local function is_list(base) return redis.call("TYPE", base .. ".j").ok == "list" end
for i = 4, #ARGV, 4 do
    local base, position, json = ARGV[i], ARGV[i + 1], ARGV[i + 3]
    if redis.call("GET", base .. ".c") ~= "done" then
        if redis.call("SADD", base .. ".d", ARGV[i + 2] .. ":" .. position) == 1 then
            if is_list(base) then
                redis.call("RPUSH", base .. ".j", json)
            else
                redis.call("ZADD", base .. ".j", position, json)
            end
        end
        for _, suffix in ipairs({ ".j", ".t", ".s", ".d", "" }) do redis.call("EXPIRE", base .. suffix, ARGV[3]) end
        if not seen[base] then bases[#bases + 1] = base end
        seen[base] = true
    end
end
local complete = {}
for _, base in ipairs(bases) do
    local list, size = is_list(base), redis.call("GET", base .. ".s")
    local ready = redis.call(list and "LLEN" or "ZCARD", base .. ".j")
    if size and ready == tonumber(size) + tonumber(redis.call("GET", base .. ".t") or 0) then
        redis.call("SET", base .. ".c", ARGV[1], "NX", "EX", ARGV[2])
        if redis.call("GET", base .. ".c") == ARGV[1] then
            local parts = redis.call(list and "LRANGE" or "ZRANGE", base .. ".j", 0, -1)
            complete[#complete + 1] = { base, parts, redis.call("GET", base) }
        end
    end
end
return complete

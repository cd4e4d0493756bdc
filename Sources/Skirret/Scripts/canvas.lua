-- canvas: record the parts of chords that a settlement brings, and the chords that it starts.
--
-- Stands in front of finish and is one step with it: a part is recorded if and only if its task is
-- settled, and the body is sent by exactly the settlement that makes its chord complete. Which one
-- that is shows only here; a settlement that lacks the body then (or has one too many) changes
-- nothing and is told, so that it comes again with what is right.
--
-- Keys and steps are those of Celery 5.7, so that Python workers and ours can share one chord: a
-- duplicate is recognised by `.d`, and who holds `.c` sends the body. For a group id, these are
--   .j    ZSET    JSON [1, task id, state, result], scored by position (LIST where Celery orders nothing)
--   .t    STRING  parts added while the chord ran
--   .s    STRING  how many parts there are
--   .d    SET     "task id:position" of the parts that were counted
--   .c    STRING  who sends the body, or "done"
--   base  STRING  the saved group, of headers with groups in them only
--
-- KEYS[1]  unacked  HASH  finish's
-- KEYS[3]  leases   ZSET  finish's
-- KEYS[11] settled  STRING with TTL  finish's
-- ARGV[1]  token    finish's; what finish will refuse changes nothing here either
-- ARGV, those that stand behind finish's own; the very last says how many they are, itself left out:
--   keep      seconds for which a chord's keys are kept
--   parts     how many groups of four follow: base key, position or "+inf", task id, the JSON for .j
--   bodies    how many groups of three follow: base key, of how many parts it was made, "body" or "error"
--   chords    how many pairs follow: base key, how many parts
--   groups    how many pairs follow: base key, JSON of the saved group
--
-- Returns  what finish returns; or, when nothing was written, [base key, the parts in order, saved group]
--          for a body that is missing and [base key, false] for one that somebody else sends.
do
    local at = #ARGV - tonumber(ARGV[#ARGV])
    local function take()
        at = at + 1
        return ARGV[at - 1]
    end
    local token, keep = ARGV[1], take()
    local isFirst = token == "" and redis.call("EXISTS", KEYS[11]) == 0
    if isFirst or (redis.call("ZSCORE", KEYS[3], token) and redis.call("HEXISTS", KEYS[1], token) == 1) then
        local chords, order, bodies = {}, {}, {}
        for _ = 1, tonumber(take()) do
            local base, position, task, json = take(), take(), take(), take()
            local chord = chords[base]
            if not chord then
                chord = { base = base, marks = {} }
                chord.done = redis.call("GET", base .. ".c") == "done"
                chord.list = redis.call("TYPE", base .. ".j").ok == "list"
                chords[base] = chord
                order[#order + 1] = chord
            end
            local mark = task .. ":" .. position
            local counted = chord.done or chord.marks[mark] or redis.call("SISMEMBER", base .. ".d", mark) == 1
            if not counted then
                chord.marks[mark] = true
                chord[#chord + 1] = { position = position, json = json, mark = mark }
            end
        end
        for _ = 1, tonumber(take()) do
            local base = take()
            bodies[base] = { count = tonumber(take()), kind = take() }
        end

        -- The parts as they will be in order, without writing any.
        local function all(chord)
            local parts = {}
            if chord.list then
                for _, json in ipairs(redis.call("LRANGE", chord.base .. ".j", 0, -1)) do
                    parts[#parts + 1] = { 0, #parts, json }
                end
            else
                local stored = redis.call("ZRANGE", chord.base .. ".j", 0, -1, "WITHSCORES")
                for i = 1, #stored, 2 do
                    local score = stored[i + 1] == "inf" and math.huge or tonumber(stored[i + 1])
                    parts[#parts + 1] = { score, #parts, stored[i] }
                end
            end
            for _, part in ipairs(chord) do
                local score = part.position == "+inf" and math.huge or tonumber(part.position)
                parts[#parts + 1] = { chord.list and 0 or score, #parts, part.json }
            end
            table.sort(parts, function(a, b)
                if a[1] ~= b[1] then return a[1] < b[1] end
                return a[2] < b[2]
            end)
            for i, part in ipairs(parts) do parts[i] = part[3] end
            return parts
        end

        for _, chord in ipairs(order) do
            local base, body = chord.base, bodies[chord.base]
            local size = redis.call("GET", base .. ".s")
            local total = size and tonumber(size) + tonumber(redis.call("GET", base .. ".t") or 0)
            local ready = redis.call(chord.list and "LLEN" or "ZCARD", base .. ".j") + #chord
            local complete = not chord.done and ready == total and redis.call("EXISTS", base .. ".c") == 0
            if complete and (not body or body.count ~= ready) then
                return { base, all(chord), redis.call("GET", base) }
            end
            if body and not complete then return { base, false } end
        end

        for _, chord in ipairs(order) do
            local base, body = chord.base, bodies[chord.base]
            for _, part in ipairs(chord) do
                if chord.list then
                    redis.call("RPUSH", base .. ".j", part.json)
                else
                    redis.call("ZADD", base .. ".j", part.position, part.json)
                end
                redis.call("SADD", base .. ".d", part.mark)
            end
            for _, suffix in ipairs({ ".j", ".t", ".s", ".d", "" }) do redis.call("EXPIRE", base .. suffix, keep) end
            if body and body.kind == "body" then
                redis.call("DEL", base .. ".j", base .. ".t", base .. ".s", base .. ".d")
                redis.call("SET", base .. ".c", "done", "EX", 300)
            elseif body then
                -- Without its size a copy of a part that comes later cannot fail the chord again.
                redis.call("DEL", base .. ".s")
            end
        end
        for _ = 1, tonumber(take()) do
            local base = take()
            redis.call("DEL", base .. ".c")
            redis.call("SET", base .. ".s", take(), "EX", keep)
        end
        for _ = 1, tonumber(take()) do redis.call("SET", take(), take(), "EX", keep) end
    end
end

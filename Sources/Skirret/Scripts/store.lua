-- store: write results, where they live in another Redis than the messages.
--
-- Comes before the acknowledgement, which is another Redis's: a crash in between repeats a run and loses nothing.
-- Whether the claim is still held cannot be seen from here; who calls has looked a moment before.
--
-- KEYS[1…]  result  STRING  one for each result; published on the channel of the same name as well
-- ARGV[1]   keep    seconds; 0: for ever
-- ARGV[2…]  result  JSON, one for each key. A stored SUCCESS is never overwritten (Celery's rule, see results).
--
-- Returns  how many were stored. With doubts, see results.
local keep, count = tonumber(ARGV[1]), 0
for i, key in ipairs(KEYS) do
    local before = redis.call("GET", key)
    if not (before and results.stays(key, before, ARGV[i + 1])) then
        if keep > 0 then redis.call("SETEX", key, keep, ARGV[i + 1]) else redis.call("SET", key, ARGV[i + 1]) end
        redis.call("PUBLISH", key, ARGV[i + 1])
        count = count + 1
    end
end
return results.answer(count)

-- find: look for a task among the messages that are next in line.
--
-- For people who ask why one does not run. Bounded: a message that lies deeper is not found.
--
-- ARGV[1]  task id
-- ARGV[2]  most   how many messages are looked at, all lists together
-- ARGV[3…] lists  LIST  the oldest at the right, as queues are. No KEYS: Redis takes those for written, and who only
--                       asks may have the right to read and no other.
--
-- Returns  [list, how many are before it, how many lie in the list, message], or [] when it is not among them.
local wanted, left = '"' .. ARGV[1] .. '"', tonumber(ARGV[2])
for i = 3, #ARGV do
    local list = ARGV[i]
    if redis.call("TYPE", list).ok == "list" then
        local length, seen = redis.call("LLEN", list), 0
        while seen < length and left > 0 do
            local slice = redis.call("LRANGE", list, -seen - 100, -seen - 1)
            for i = #slice, 1, -1 do
                if string.find(slice[i], wanted, 1, true) then return { list, seen + #slice - i, length, slice[i] } end
            end
            seen, left = seen + #slice, left - #slice
        end
    end
end
return {}

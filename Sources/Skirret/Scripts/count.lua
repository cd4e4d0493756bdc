-- count: how many entries of a hash belong to certain lists; one slice of it.
--
-- Here and not at the caller's, as it would have to send for every message to read one line of it.
--
-- ARGV[1]  entries  HASH  id -> the list, or JSON {list, …}; then a newline and the message. No key: Redis takes
--                   those for written, and who only asks may have the right to read and no other.
-- ARGV[2]  cursor   "0" for the first slice
-- ARGV[3…] lists
--
-- Returns  [cursor of the next slice or "0" after the last, how many of this one belong to the lists].
local lists, count = {}, 0
for i = 3, #ARGV do lists[ARGV[i]] = true end
local found = redis.call("HSCAN", ARGV[1], ARGV[2], "COUNT", 200)
for i = 2, #found[2], 2 do
    local head = string.match(found[2][i], "^[^\n]*")
    local about = string.sub(head, 1, 1) == "{" and cjson.decode(head)
    if lists[about and about.list or head] then count = count + 1 end
end
return { found[1], count }

-- count: how many entries of a hash belong to certain lists; one slice of it.
--
-- Here and not at the caller's, as it would have to send for every message to read one line of it.
--
-- KEYS[1]  entries  HASH  id -> the list, or JSON {list, …}; then a newline and the message
-- ARGV[1]  cursor   "0" for the first slice
-- ARGV[2…] lists
--
-- Returns  [cursor of the next slice or "0" after the last, how many of this one belong to the lists].
local lists, count = {}, 0
for i = 2, #ARGV do lists[ARGV[i]] = true end
local found = redis.call("HSCAN", KEYS[1], ARGV[1], "COUNT", 200)
for i = 2, #found[2], 2 do
    local head = string.match(found[2][i], "^[^\n]*")
    local about = string.sub(head, 1, 1) == "{" and cjson.decode(head)
    if lists[about and about.list or head] then count = count + 1 end
end
return { found[1], count }

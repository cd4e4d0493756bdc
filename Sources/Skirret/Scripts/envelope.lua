-- envelope: what a message says of itself, as scripts need it.
--
-- Not a script by itself: this text stands in front of claim.
--
-- A message is decoded to look at it only: the bytes that travel on are the original ones, as cjson would turn [] into
-- {} and round big integers. And decoding costs Redis more than all else a claim does, so a message that is laid out
-- as Celery and this library write it is only looked at where the answers stand. What differs in the least (another
-- order, other blanks, escapes, a message that came back) is decoded. A glance sees less than decoding does: what is
-- broken elsewhere than at those places is refused by the worker a moment later.
--
-- Returns  nothing.
local envelope = {}
local find, sub, quoted = string.find, string.sub, cjson.encode

-- Each text begins with the quote that ends a value and goes up to the quote that begins the next one.
local celery = {
    body = '{"body": "',
    lang = '", "content-encoding": "utf-8", "content-type": "application/json", "headers": {"lang": "',
    task = '", "task": "',
    id = '", "id": "',
    info = '"delivery_info": {"exchange": "',
    tag = '", "delivery_tag": "',
}
local ours = {
    body = '{"body":"',
    lang = '","content-encoding":"utf-8","content-type":"application/json","headers":{"lang":"',
    task = '","task":"',
    id = '","id":"',
    info = '"delivery_info":{"exchange":"',
    tag = '","delivery_tag":"',
}

-- JSON text of each name met so far; false when it needs escapes. Names repeat, and encoding costs.
local names = {}
local function plain(name)
    local text = names[name]
    if text == nil then
        text = quoted(name)
        text = #text == #name + 2 and text
        names[name] = text
    end
    return text
end

-- What stands between the body and the id, of the last message: the same for all messages of a task.
local between, betweenName = "", nil

-- Steps over what stands between the body, which ends at `at`, and the id.
--
-- Gives where the quote before the id is, and the task's name as JSON string; nothing when it is laid out otherwise.
local function skip(message, l, at)
    local first, last = find(message, l.lang, at, true)
    if first ~= at then return end
    local stop = find(message, '"', last + 1, true)
    first, last = find(message, l.task, stop or 1, true)
    if not first or first ~= stop then return end
    stop = find(message, '"', last + 1, true)
    local name = stop and plain(sub(message, last + 1, stop - 1))
    if not name then return end
    first, last = find(message, l.id, stop, true)
    if first ~= stop then return end
    between, betweenName = sub(message, at, last), name
    return last, name
end

-- Gives the task's id, and id and name as JSON strings; nothing when the message has to be decoded.
function envelope.glance(message)
    local l = sub(message, 9, 9) == " " and celery or ours
    local at, last = find(message, l.body, 1, true)
    if at ~= 1 then return end
    at = find(message, '"', last + 1, true)
    if not at then return end
    local name
    if betweenName and find(message, between, at, true) == at then
        last, name = at + #between - 1, betweenName
    else
        last, name = skip(message, l, at)
        if not last then return end
    end
    at = find(message, '"', last + 1, true)
    local id = at and sub(message, last + 1, at - 1)
    local text = id and quoted(id)
    if not text or #text ~= #id + 2 then return end
    -- kombu writes the delivery tag last, a UUID. Before it come the delivery information and what is short.
    local tag = #message - 38 - #l.tag
    if find(message, l.tag, tag, true) ~= tag or sub(message, -3) ~= '"}}' then return end
    if not find(message, l.info, -300, true) then return end
    return id, text, name
end

-- The same from the whole message; nothing when it is not a Celery envelope.
function envelope.read(message)
    local ok, read = pcall(cjson.decode, message)
    ok = ok and type(read) == "table" and type(read.headers) == "table"
        and type(read.properties) == "table" and type(read.body) == "string"
        and type(read.properties.delivery_tag) == "string"
        and type(read.properties.delivery_info) == "table"
    if not ok then return end
    local id, name = read.headers.id, read.headers.task
    id = type(id) == "string" and id or ""
    return id, quoted(id), quoted(type(name) == "string" and name or "")
end

-- results: what a stored result says of its task, compressed or not.
--
-- Not a script by itself: this text stands in front of those that store results. Celery's rule is theirs: a stored
-- SUCCESS is never overwritten. With Celery's `result_compression` what is stored is
--
--   00 "celery-compressed" 00 <content type> 00 <compressed JSON>
--
-- and of that only the beginning is read, where Celery and this library write the state. Only zlib's (Celery's "gzip")
-- can be read here. What Python workers compressed with bzip2, xz or zstd is in doubt: a SUCCESS is written over it,
-- anything else is not, and the answer says so. Who called reads the state, which takes a library, and makes it good with
-- replace: a SUCCESS goes back to where it stood, anything else gives way. In between, and for ever if the caller dies in
-- that moment or the answer is lost, a SUCCESS has taken the place of an earlier one, or a failure is not told: neither
-- loses what was computed.
--
-- Returns  nothing.
local results = {}
local doubts = {}
local mark = "\0celery-compressed\0"

-- The first bytes of a zlib stream, see RFC 1950 and 1951: enough to tell a state by.
local function inflated(bytes, at, most)
    local held, count, output = 0, 0, {}
    local function bits(wanted)
        while count < wanted do
            held, count, at = held + string.byte(bytes, at) * 2 ^ count, count + 8, at + 1
        end
        local value = held % 2 ^ wanted
        held, count = (held - value) / 2 ^ wanted, count - wanted
        return value
    end
    -- A code is how many symbols there are of each length, and the symbols in their order.
    local function code(lengths)
        local counts, symbols = {}, {}
        for length = 1, 15 do
            counts[length] = 0
            for symbol = 0, #lengths do
                if lengths[symbol] == length then
                    counts[length], symbols[#symbols + 1] = counts[length] + 1, symbol
                end
            end
        end
        return { counts, symbols }
    end
    local function symbol(of)
        local value, first, index = 0, 0, 0
        for length = 1, 15 do
            value = value + bits(1)
            local number = of[1][length]
            if value - first < number then return of[2][index + value - first + 1] end
            index, first, value = index + number, (first + number) * 2, value * 2
        end
    end
    local function fixed()
        local lengths, distances = {}, {}
        for i = 0, 287 do lengths[i] = i < 144 and 8 or i < 256 and 9 or i < 280 and 7 or 8 end
        for i = 0, 29 do distances[i] = 5 end
        return code(lengths), code(distances)
    end
    local function dynamic()
        local literals, distances, given = bits(5) + 257, bits(5) + 1, bits(4) + 4
        local lengths, all = {}, {}
        for i = 0, 18 do lengths[i] = 0 end
        for i, place in ipairs({ 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 }) do
            if i <= given then lengths[place] = bits(3) end
        end
        local lengthCode = code(lengths)
        while #all < literals + distances do
            local length, times = symbol(lengthCode), 1
            if length == 16 then
                length, times = all[#all], bits(2) + 3
            elseif length >= 17 then
                length, times = 0, length == 17 and bits(3) + 3 or bits(7) + 11
            end
            for _ = 1, times do all[#all + 1] = length end
        end
        local first, second = {}, {}
        for i = 1, literals do first[i - 1] = all[i] end
        for i = 1, distances do second[i - 1] = all[literals + i] end
        return code(first), code(second)
    end
    local function copy(length, distance)
        for _ = 1, length do output[#output + 1] = output[#output + 1 - distance] end
    end

    at = at + 2 -- zlib's own header
    local isLast = false
    while not isLast and #output < most do
        isLast = bits(1) == 1
        local kind = bits(2)
        if kind == 0 then
            count, held = 0, 0
            local length = string.byte(bytes, at) + 256 * string.byte(bytes, at + 1)
            for i = at + 4, at + 3 + math.min(length, most) do output[#output + 1] = string.char(string.byte(bytes, i)) end
            at = at + 4 + length
        else
            local literal, distance = (kind == 1 and fixed or dynamic)()
            while #output < most do
                local found = symbol(literal)
                if found == 256 then break end
                if found < 256 then
                    output[#output + 1] = string.char(found)
                else
                    local function extended(base, step, number)
                        local extra = math.floor(number / step) - 1
                        return base + (step + number % step) * 2 ^ extra + bits(extra)
                    end
                    local number = found - 257
                    local length = number < 8 and number + 3 or number == 28 and 258 or extended(3, 4, number)
                    local back = symbol(distance)
                    copy(length, back < 4 and back + 1 or extended(1, 2, back))
                end
            end
        end
    end
    return table.concat(output)
end

-- The state of what is stored; "" for what is no result, nil for what cannot be read here. Decoded to look at the state
-- only; a result may well contain somebody else's "status".
function results.status(stored)
    if string.sub(stored, 1, #mark) == mark then
        local stop = string.find(stored, "\0", #mark + 1, true) or #stored
        if string.sub(stored, #mark + 1, stop - 1) ~= "application/x-gzip" then return nil end
        local ok, text = pcall(inflated, stored, stop + 1, 64)
        return ok and string.match(text, '^{"status": ?"([^"\\]*)"') or nil
    end
    local ok, result = pcall(cjson.decode, stored)
    return ok and type(result) == "table" and result.status or ""
end

-- Whether what is known of a task that nobody has begun may be stored: Celery's rule, not over a result, and not over
-- the word of a worker that began.
function results.isOpen(stored)
    local status = stored and results.status(stored)
    return not stored or status == "PENDING" or status == "RECEIVED" or status == "RETRY" or status == "REJECTED"
end

-- Whether what is stored stays, and another result is not.
function results.stays(key, stored, other)
    local state = results.status(stored)
    if state then return state == "SUCCESS" end
    local isWritten = results.status(other) == "SUCCESS"
    doubts[#doubts + 1] = { key, stored, other, isWritten and 1 or 0 }
    return not isWritten
end

-- A script's answer: as it is, or [it, doubts], a doubt being [key, what was stored, the other result, 1 when that was
-- written].
function results.answer(answer)
    if #doubts == 0 then return answer end
    return { answer, doubts }
end

-- refund_login: give an attempt back to the budgets it was taken from, because it was no guess.
--
-- One atomic step, because two log-ins at the same instant must not give back one attempt between them.
--
-- KEYS[n]  budget    STRING with TTL: milliseconds since 1970 at which the budget is full again
-- ARGV[n]  interval  milliseconds that one attempt is worth
--
-- Returns  nothing.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for n = 1, #KEYS do
    local full = tonumber(redis.call("GET", KEYS[n]) or "0") - tonumber(ARGV[n])
    if full > now then
        redis.call("SET", KEYS[n], string.format("%d", full), "PX", full - now)
    else
        redis.call("DEL", KEYS[n])
    end
end

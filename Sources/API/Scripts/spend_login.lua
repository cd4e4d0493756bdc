-- spend_login: take one attempt to log in from several budgets at once, or from none.
--
-- One atomic step, because attempts at the same instant, in any number of processes, must not all find the last one.
-- Each budget is the time at which it will be full again (GCRA): it needs no clean-up and forgets itself.
--
-- KEYS[n]    budget    STRING with TTL: milliseconds since 1970 at which the budget is full again
-- ARGV[2n-1] burst     attempts at once
-- ARGV[2n]   interval  milliseconds until one attempt is there again
--
-- Returns  0 when it was taken from all; otherwise the milliseconds until all of them have one.
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local full, wait = {}, 0
for n = 1, #KEYS do
    local burst, interval = tonumber(ARGV[2 * n - 1]), tonumber(ARGV[2 * n])
    full[n] = math.max(tonumber(redis.call("GET", KEYS[n]) or "0"), now) + interval
    wait = math.max(wait, full[n] - now - burst * interval)
end
if wait > 0 then return wait end
for n = 1, #KEYS do
    redis.call("SET", KEYS[n], string.format("%d", full[n]), "PX", full[n] - now)
end
return 0

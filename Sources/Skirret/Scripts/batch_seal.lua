-- batch seal: say that a batch is complete, and what follows when all of its tasks are over.
--
-- Repeated after a lost answer it changes nothing.
--
-- KEYS[1]  batch      HASH  see batch, which stands in front of this
-- KEYS[2]  open       SET   ids of the batch's tasks that are not over
-- KEYS[3]  fair       HASH  queue -> how many of its messages wait to be dealt; see fair, which stands in front
-- ARGV[1]  channel    where waiting workers hear of new messages
-- ARGV[2]  keep       seconds for which a batch is remembered after the last change
-- ARGV[3]  queue key  of what follows; "" when nothing does
-- ARGV[4]  message    what follows
--
-- Returns  1 when the batch was over already and what follows was sent now, else 0.
if redis.call("HSETNX", KEYS[1], "sealed", "1") == 0 then return 0 end
redis.call("EXPIRE", KEYS[1], ARGV[2])
redis.call("EXPIRE", KEYS[2], ARGV[2])
if redis.call("EXISTS", KEYS[2]) == 1 then
    if ARGV[3] ~= "" then redis.call("HSET", KEYS[1], "then", ARGV[3] .. "\n" .. ARGV[4]) end
    return 0
end
redis.call("HSET", KEYS[1], "done", "1")
if ARGV[3] ~= "" then batch.follow(ARGV[3], ARGV[4], ARGV[1], KEYS[3]) end
return 1

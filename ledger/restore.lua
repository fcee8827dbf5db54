-- Takes an event out of the archive again: it is then stored as it was before.
-- KEYS  the event, its timeline, its calls, its place in the archive
-- ARGV  event_id, number of steps, the steps, number of calls, the calls, then the event's fields and values
-- Returns 1, or 0 when it is not in the archive.
local left = redis.call('PTTL', KEYS[4])
if left <= 0 then return 0 end
local steps = tonumber(ARGV[2])
local calls = tonumber(ARGV[3 + steps])
redis.call('HSET', KEYS[1], unpack(ARGV, 4 + steps + calls))
for i = 3, 2 + steps do redis.call('RPUSH', KEYS[2], ARGV[i]) end
for i = 4 + steps, 3 + steps + calls do redis.call('RPUSH', KEYS[3], ARGV[i]) end
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], left) end
redis.call('DEL', KEYS[4])
redis.call('RPUSH', 'bh:to_archive', ARGV[1])
return 1

-- Takes an event out of the archive again: it is then stored as it was before.
-- KEYS  the event, its timeline, its place in the archive
-- ARGV  event_id, number of steps, the steps, then the event's fields and values
-- Returns 1, or 0 when it is not in the archive.
local left = redis.call('PTTL', KEYS[3])
if left <= 0 then return 0 end
local steps = tonumber(ARGV[2])
redis.call('HSET', KEYS[1], unpack(ARGV, 3 + steps))
for i = 3, 2 + steps do redis.call('RPUSH', KEYS[2], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], left)
redis.call('PEXPIRE', KEYS[2], left)
redis.call('DEL', KEYS[3])
redis.call('RPUSH', 'bh:to_archive', ARGV[1])
return 1

-- Puts an ended event into the archive, if it still is as it was packed.
-- KEYS  the event, its timeline, its place in the archive     ARGV  state, number of steps, the packed event
-- Returns 1, or 0 when it has changed.
if redis.call('HGET', KEYS[1], 'state') ~= ARGV[1] or redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[2]) then return 0 end
local left = redis.call('PTTL', KEYS[1])
if left <= 0 then return 0 end
redis.call('SET', KEYS[3], ARGV[3], 'PX', left)
redis.call('DEL', KEYS[1], KEYS[2])
return 1

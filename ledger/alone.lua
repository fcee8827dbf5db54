-- Says that an event now has its process for itself.
-- KEYS  the event     ARGV  lease
if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[1] then return 0 end
return redis.call('HSET', KEYS[1], 'alone', 1)

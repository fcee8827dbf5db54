-- Keeps what was fetched for an event, if the lease on it is still the caller's.
-- KEYS  the event     ARGV  lease, what was fetched (packed)
-- Returns 1, or 0 when the lease is not the caller's.
if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'fetched', ARGV[2])
return 1

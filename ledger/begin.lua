-- Takes a queued event to work under a lease; nil when it is not to be worked on now (another worker has it, it is done).
-- KEYS  the event     ARGV  event_id, lease, now, lease_until, at
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'queued' then return false end
enter(ARGV[1], 'working', ARGV[3])
redis.call('HSET', KEYS[1], 'lease', ARGV[2])
redis.call('HINCRBY', KEYS[1], 'attempts', 1)
redis.call('ZADD', 'bh:working', ARGV[4], ARGV[1])
return redis.call('HGETALL', KEYS[1])

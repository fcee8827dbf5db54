-- Takes a queued event to work under a lease; nil when it is not to be worked on now (another worker has it, it is done).
-- KEYS  the event     ARGV  event_id, lease, now, lease_until, process
local event_id, process = ARGV[1], 'bh:process:' .. ARGV[5]
if redis.call('HGET', KEYS[1], 'state') ~= 'queued' then return false end
enter(event_id, 'working')
redis.call('HSET', KEYS[1], 'lease', ARGV[2], 'process', ARGV[5])
redis.call('ZADD', 'bh:handed:' .. redis.call('HGET', KEYS[1], 'organization'), ARGV[3], event_id)
redis.call('HINCRBY', KEYS[1], 'attempts', 1)
redis.call('ZADD', 'bh:working', ARGV[4], event_id)
-- An event that shared its process with another at any time is not known to be what killed it.
redis.call('SADD', process, event_id)
redis.call('EXPIRE', process, 86400)
local company = redis.call('SMEMBERS', process)
for _, other in ipairs(company) do
  redis.call('HSET', 'bh:event:' .. other, 'alone', #company == 1 and 1 or 0)
end
return redis.call('HGETALL', KEYS[1])

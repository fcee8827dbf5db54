-- Takes a queued event to work under a lease; nil when it is not to be worked on now (another worker has it, it is done).
-- KEYS  the event     ARGV  event_id, lease, now, lease_until, process
local event_id, process = ARGV[1], 'bh:process:' .. ARGV[5]
local state, organization = unpack(redis.call('HMGET', KEYS[1], 'state', 'organization'))
if state ~= 'queued' then return false end
enter(event_id, 'working')
redis.call('HINCRBY', KEYS[1], 'attempts', 1)
redis.call('ZADD', 'bh:handed:' .. organization, ARGV[3], event_id)
redis.call('ZADD', 'bh:working', ARGV[4], event_id)
-- An event that shared its process with another at any time is not known to be what killed it. Of several at work all
-- but the newest know that already, unless there was one alone.
redis.call('SADD', process, event_id)
redis.call('EXPIRE', process, 86400)
local count = redis.call('SCARD', process)
redis.call('HSET', KEYS[1], 'lease', ARGV[2], 'process', ARGV[5], 'alone', count == 1 and 1 or 0)
if count == 2 then
  for _, other in ipairs(redis.call('SMEMBERS', process)) do redis.call('HSET', 'bh:event:' .. other, 'alone', 0) end
end
return redis.call('HGETALL', KEYS[1])

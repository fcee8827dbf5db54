-- Takes a queued event to work under a lease; nil when it is not to be worked on now (another worker has it, it is done),
-- 'suspect' when it may have killed its worker and the process is not kept free for it.
-- Returns its fields, and what people answered for its connection (answers.py).
-- KEYS  the event     ARGV  event_id, lease, now, lease_until, process, 1 when others may be at work in it or ''
local event_id, process = ARGV[1], 'bh:process:' .. ARGV[5]
local state, organization, connection, suspect =
  unpack(redis.call('HMGET', KEYS[1], 'state', 'organization', 'connection', 'suspect'))
if state ~= 'queued' then return false end
if suspect and ARGV[6] ~= '' then return 'suspect' end
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
return {redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', 'bh:answers:' .. connection)}

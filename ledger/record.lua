-- Records a verified event once, and queues it unless it is ignored.
-- KEYS  the event, then the keys by which repeats are recognised
-- ARGV  event_id, state (queued|ignored), now (seconds), at (text), retention (seconds), queue, func, timeout, detail,
--       then the event's fields and values
-- Returns {'new' or 'duplicate', event_id}.
local event_id, state, now, at, retention = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
for i = 2, #KEYS do
  local first = redis.call('GET', KEYS[i])
  if first then return {'duplicate', first} end
end
for i = 2, #KEYS do redis.call('SET', KEYS[i], event_id, 'EX', retention) end
redis.call('HSET', KEYS[1], 'received_at', now, unpack(ARGV, 10))
redis.call('ZADD', 'bh:events', now, event_id)
redis.call('ZADD', 'bh:events:of:' .. redis.call('HGET', KEYS[1], 'connection'), now, event_id)
note(event_id, at, 'received', '')
if state == 'queued' then
  hand_over(event_id, now, at, ARGV[6], ARGV[7], ARGV[8])
else
  enter(event_id, state, now)
  note(event_id, at, state, ARGV[9])
  redis.call('EXPIRE', KEYS[1], retention)
  redis.call('EXPIRE', 'bh:timeline:' .. event_id, retention)
end
return {'new', event_id}

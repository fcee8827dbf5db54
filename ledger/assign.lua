-- Gives the oldest events that wait for an organization to be named to that organization; they then wait for its turn.
-- ARGV  the name under which they wait, organization, at, how many at most
-- Returns how many.
local from, organization, at = 'bh:ready:' .. ARGV[1], ARGV[2], ARGV[3]
local events = redis.call('ZRANGE', from, 0, ARGV[4] - 1)
for _, event_id in ipairs(events) do
  local key = 'bh:event:' .. event_id
  redis.call('ZREM', from, event_id)
  redis.call('ZREM', 'bh:open:' .. ARGV[1], event_id)
  redis.call('ZADD', 'bh:open:' .. organization, redis.call('HGET', key, 'received_at'), event_id)
  redis.call('HSET', key, 'organization', organization)
  note(event_id, at, 'assigned', 'organization ' .. organization)
  await_turn(event_id)
end
if redis.call('EXISTS', from) == 0 then redis.call('ZREM', 'bh:turns', ARGV[1]) end
return #events

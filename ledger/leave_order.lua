-- Gives up the lease on an order, if it is still the caller's, and gives a turn to the events that wait for its invoice;
-- one that is still at work finds it by itself.
-- KEYS  the lease, the set of events     ARGV  lease, at
-- Returns the ids of those that have a turn.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
local woken = {}
for _, event_id in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  local state, reason = unpack(redis.call('HMGET', 'bh:event:' .. event_id, 'state', 'reason'))
  if state == 'waiting' and reason == 'waits_for_order' then
    enter(event_id, 'queued')
    await_turn(event_id)
    note(event_id, ARGV[2], 'order_came', '')
    table.insert(woken, event_id)
  end
end
redis.call('DEL', KEYS[2])
return woken

-- Gives a turn to the events that wait for an order's invoice; one that is still at work finds it by itself.
-- KEYS  the set of events     ARGV  at
-- Returns the ids.
local woken = {}
for _, event_id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local state, reason = unpack(redis.call('HMGET', 'bh:event:' .. event_id, 'state', 'reason'))
  if state == 'waiting' and reason == 'waits_for_order' then
    enter(event_id, 'queued')
    await_turn(event_id)
    note(event_id, ARGV[1], 'order_came', '')
    table.insert(woken, event_id)
  end
end
redis.call('DEL', KEYS[1])
return woken

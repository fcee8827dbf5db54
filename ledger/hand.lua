-- Hands offered events to RQ, each with the calls reserved for it; the organization has then had its turn.
-- ARGV  organization, now, at, queue, func, timeout, then an event and its tickets for each
-- Returns the ids handed over; those that no longer wait are left out.
local handed = {}
for i = 7, #ARGV, 2 do
  local event_id = ARGV[i]
  if redis.call('ZSCORE', 'bh:ready:' .. ARGV[1], event_id) then
    enter(event_id, 'queued')
    give_job(event_id, ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6])
    redis.call('HSET', 'bh:event:' .. event_id, 'tickets', ARGV[i + 1])
    redis.call('HDEL', 'bh:event:' .. event_id, 'needs')
    table.insert(handed, event_id)
  end
end
if redis.call('EXISTS', 'bh:ready:' .. ARGV[1]) == 0 then redis.call('ZREM', 'bh:turns', ARGV[1]) end
return handed

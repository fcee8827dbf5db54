-- Hands over again what is due, and what a dead worker left behind.
-- ARGV  now, at, how many at most, queue, func, timeout, patience (seconds after which a job RQ does not have is lost)
-- Returns the ids handed over.
local now, at, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
local woken = {}
for _, event_id in ipairs(redis.call('ZRANGEBYSCORE', 'bh:due', '-inf', now, 'LIMIT', 0, most)) do
  hand_over(event_id, now, at, ARGV[4], ARGV[5], ARGV[6])
  table.insert(woken, event_id)
end
for _, event_id in ipairs(redis.call('ZRANGEBYSCORE', 'bh:working', '-inf', now, 'LIMIT', 0, most)) do
  note(event_id, at, 'taken_back', 'its worker stopped answering')
  hand_over(event_id, now, at, ARGV[4], ARGV[5], ARGV[6])
  table.insert(woken, event_id)
end
-- The longest waiting are at the head of RQ's list: finding one there is quick, and not finding one is rare.
for _, event_id in ipairs(redis.call('ZRANGE', 'bh:events:queued', 0, 9)) do
  local handed, handed_at = unpack(redis.call('HMGET', 'bh:event:' .. event_id, 'handed', 'handed_at'))
  if handed_at and tonumber(now) - tonumber(handed_at) > tonumber(ARGV[7])
    and not redis.call('LPOS', 'rq:queue:' .. ARGV[4], event_id .. '-' .. handed) then
    note(event_id, at, 'taken_back', 'its job was lost')
    hand_over(event_id, now, at, ARGV[4], ARGV[5], ARGV[6])
    table.insert(woken, event_id)
  end
end
return woken

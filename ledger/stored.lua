-- What is stored of events, wherever it is.
-- ARGV  1 to have their calls as well or '', then the event ids
-- Returns for each its fields and values, its steps, its calls and what of it is in the archive, or false.
local found = {}
for i = 2, #ARGV do
  local event_id = ARGV[i]
  found[i - 1] = {
    redis.call('HGETALL', 'bh:event:' .. event_id),
    redis.call('LRANGE', 'bh:timeline:' .. event_id, 0, -1),
    ARGV[1] == '' and {} or redis.call('LRANGE', 'bh:calls:' .. event_id, 0, -1),
    redis.call('GET', 'bh:archive:' .. event_id),
  }
end
return found

-- Puts ended events into the archive, each if it still is as it was packed.
-- ARGV  of each its id, its state, its number of steps, its number of calls and the packed event
for i = 1, #ARGV, 5 do
  local event, timeline, calls = 'bh:event:' .. ARGV[i], 'bh:timeline:' .. ARGV[i], 'bh:calls:' .. ARGV[i]
  local left = redis.call('PTTL', event)
  local is_as_packed = redis.call('HGET', event, 'state') == ARGV[i + 1]
    and redis.call('LLEN', timeline) == tonumber(ARGV[i + 2]) and redis.call('LLEN', calls) == tonumber(ARGV[i + 3])
  if is_as_packed and left > 0 then
    redis.call('SET', 'bh:archive:' .. ARGV[i], ARGV[i + 4], 'PX', left)
    redis.call('DEL', event, timeline, calls)
  end
end
return 1

-- Copies a parked event, with its timeline, under ids of their own; each tells of a number of its own.
-- ARGV  event_id, number of the first copy, how many, now (seconds), seconds between two
local model, first, count, now, apart = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local connection, trouble = unpack(redis.call('HMGET', 'bh:event:' .. model, 'connection', 'error'))
for number = first + 1, first + count do
  local event_id = string.format('ev_%017d', number)
  redis.call('COPY', 'bh:event:' .. model, 'bh:event:' .. event_id)
  redis.call('COPY', 'bh:timeline:' .. model, 'bh:timeline:' .. event_id)
  redis.call('HSET', 'bh:event:' .. event_id, 'error', (string.gsub(trouble, '0000000', string.format('%07d', number))))
  redis.call('ZADD', 'bh:events:' .. connection .. ':parked', now - number * apart, event_id)
end

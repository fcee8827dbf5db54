-- Reserves calls ahead, for as many of the asked as there is room for, in their order.
-- KEYS  minute, day, closed
-- ARGV  now, calls per minute, calls per day, window, then for each of the asked a count and so many ids
-- Returns how many of the asked got theirs.
local now = tonumber(ARGV[1])
if tonumber(redis.call('GET', KEYS[3]) or '0') > now then return 0 end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[4])
local free = math.min(ARGV[2] - redis.call('ZCARD', KEYS[1]), ARGV[3] - (redis.call('GET', KEYS[2]) or 0))
local granted, i = 0, 5
while i <= #ARGV do
  local count = tonumber(ARGV[i])
  if count > free then break end
  for j = i + 1, i + count do redis.call('ZADD', KEYS[1], now, ARGV[j]) end
  redis.call('INCRBY', KEYS[2], count)
  free, granted, i = free - count, granted + 1, i + count + 1
end
redis.call('EXPIRE', KEYS[1], 120)
redis.call('EXPIRE', KEYS[2], 172800)
return granted

-- Reserves calls ahead, for as many of the asked as there is room for, in their order.
-- KEYS  minute, day, closed
-- ARGV  now, calls per minute, calls per day, window, seconds until the day ends, then for each of the asked a count
--       and so many ids
-- Returns how many of the asked got theirs; then which limit is in the way of the next, and for how many seconds.
local now = tonumber(ARGV[1])
local closed = tonumber(redis.call('GET', KEYS[3]) or '0')
if closed > now then return {0, 'closed', tostring(closed - now)} end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[4])
local in_minute = ARGV[2] - redis.call('ZCARD', KEYS[1])
local in_day = ARGV[3] - (redis.call('GET', KEYS[2]) or 0)
local granted, reason, wait, i = 0, '', '0', 6
while i <= #ARGV do
  local count = tonumber(ARGV[i])
  if count > in_day then reason, wait = 'day', ARGV[5] break end
  if count > in_minute then
    local last = redis.call('ZRANGE', KEYS[1], count - in_minute - 1, count - in_minute - 1, 'WITHSCORES')
    reason, wait = 'minute', tostring(last[2] and last[2] + ARGV[4] - now or ARGV[4])
    break
  end
  for j = i + 1, i + count do redis.call('ZADD', KEYS[1], now, ARGV[j]) end
  redis.call('INCRBY', KEYS[2], count)
  in_minute, in_day, granted, i = in_minute - count, in_day - count, granted + 1, i + count + 1
end
redis.call('EXPIRE', KEYS[1], 120)
redis.call('EXPIRE', KEYS[2], 172800)
return {granted, reason, wait}

-- Reserves one call, or says which limit is in the way and for how many seconds.
-- KEYS  minute, day, in_flight, closed
-- ARGV  now, call id, in flight until, calls per minute, calls per day, calls at once, seconds until the day ends, window
-- A call id that is among the reserved ones already (a ticket) needs no place in the minute and the day any more.
local now = tonumber(ARGV[1])

local closed = tonumber(redis.call('GET', KEYS[4]) or '0')
if closed > now then
  return {'closed', tostring(closed - now)}
end

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[8])
local has_ticket = redis.call('ZSCORE', KEYS[1], ARGV[2])

if not has_ticket and tonumber(redis.call('GET', KEYS[2]) or '0') >= tonumber(ARGV[5]) then
  return {'day', ARGV[7]}
end

if not has_ticket and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return {'minute', tostring(oldest[2] and oldest[2] + ARGV[8] - now or ARGV[8])}
end

redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[6]) then
  return {'in_flight', '1'}
end

redis.call('ZADD', KEYS[1], now, ARGV[2])
redis.call('EXPIRE', KEYS[1], 120)
if not has_ticket then redis.call('INCR', KEYS[2]) end
redis.call('EXPIRE', KEYS[2], 172800)
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[2])
redis.call('EXPIRE', KEYS[3], 3600)
return {'', '0'}

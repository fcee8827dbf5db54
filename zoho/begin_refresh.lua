-- Grants the right to make one token request, or says why not and for how many seconds.
-- KEYS  lock, requests, verdict, access
-- ARGV  now, ticket, requests allowed in the window, seconds of the window, milliseconds the lock lasts,
--       digest of the token to replace, or nothing; digest of the client secret
local now = tonumber(ARGV[1])

local access = redis.call('GET', KEYS[4])
if access and string.match(access, '^[^.]*') ~= ARGV[6] then
  return {'replaced', '0', ''}
end

local verdict = redis.call('HMGET', KEYS[3], 'until', 'error', 'secret')
local concerns_us = verdict[2] == 'access denied' or verdict[3] == ARGV[7]
if verdict[1] and tonumber(verdict[1]) > now and concerns_us then
  return {'verdict', tostring(verdict[1] - now), verdict[2]}
end

if redis.call('EXISTS', KEYS[1]) == 1 then
  return {'locked', '1', ''}
end

redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[4])
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[3]) then
  local oldest = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  return {'full', tostring(oldest[2] + ARGV[4] - now), ''}
end

redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[5])
redis.call('ZADD', KEYS[2], now, ARGV[2])
redis.call('EXPIRE', KEYS[2], 2 * ARGV[4])
return {'granted', '0', ''}

-- Lets a caller make one call to an API now, or says when to come again.
-- KEYS  calls, waiting, in_flight, closed, refused
-- ARGV  now, caller, call id, calls allowed in a window, seconds of the window, when the call is over at the latest,
--       calls in flight at most, 1 when the caller has made calls before that this one completes, else ''
-- Returns {'', '0'} when it may, else {reason, seconds}: `closed`, `busy` with calls that are not answered yet, or in `line`;
-- {'refused', '0'} where the credential is known to be refused.
local now, caller, allowed, window = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
local LATE_SECONDS, ABANDONED_SECONDS, LONGEST_APART = 5, 600, 0.5

if redis.call('EXISTS', KEYS[5]) == 1 then return {'refused', '0'} end
local closed = tonumber(redis.call('GET', KEYS[4]) or '0')
if closed > now then return {'closed', tostring(closed - now)} end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ABANDONED_SECONDS)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)

local at_once = tonumber(ARGV[7])
local is_busy = redis.call('ZCARD', KEYS[3]) >= at_once
local is_full = is_busy or redis.call('ZCARD', KEYS[1]) >= allowed
local reason = is_busy and 'busy' or 'line'

-- Seconds between two who come in line: as often as may be called, and as an API that is slow answers. Else all who
-- wait for one that hangs would keep coming in vain, and take the places of those who do not.
local apart = window / allowed
if is_busy then
  local first_over = tonumber(redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')[2])
  local oldest_for = tonumber(ARGV[6]) - first_over
  apart = math.max(apart, math.min(oldest_for / at_once, LONGEST_APART))
end

-- When the window has room again, should nobody else call meanwhile.
local function free_in()
  local oldest = redis.call('ZRANGE', KEYS[1], -allowed, -allowed, 'WITHSCORES')
  return math.max(oldest[2] and oldest[2] + window - now or 0, apart, is_busy and 1 or 0)
end

-- Those who wait come one after the other, so that all of them together ask no more often than may be called. Who has
-- begun goes on before those who have not: else all would end at the very end.
local function wait_in_line()
  local last = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  local wait = free_in()
  if last[2] and ARGV[8] == '' then wait = math.max(wait, last[2] + apart - now) end
  redis.call('ZADD', KEYS[2], now + wait, caller)
  redis.call('EXPIRE', KEYS[2], math.ceil(wait) + ABANDONED_SECONDS)
  return {reason, tostring(wait)}
end

local place = tonumber(redis.call('ZSCORE', KEYS[2], caller) or '0')
if place > now then return {reason, tostring(place - now)} end
if place > 0 then redis.call('ZREM', KEYS[2], caller) end
local is_behind = place == 0 and ARGV[8] == '' and redis.call('ZCOUNT', KEYS[2], now - LATE_SECONDS, '+inf') > 0
if is_full or is_behind then return wait_in_line() end

redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('EXPIRE', KEYS[1], math.ceil(window) + 1)
redis.call('ZADD', KEYS[3], ARGV[6], ARGV[3])
redis.call('EXPIRE', KEYS[3], math.ceil(ARGV[6] - now) + 1)
return {'', '0'}

-- Reserves calls ahead, for as many of the asked as there is room for, in their order.
-- KEYS  minute, day, closed
-- ARGV  now, calls per minute, calls per day, window, seconds until the day ends, seconds that a call takes at least,
--       seconds by which a place may be missing at most; then for each of the asked a count and so many ids
-- Returns how many of the asked got theirs; then which limit is in the way of the next, and for how many seconds.
-- Calls that are made one after the other need their places one after the other: the second of them may become free
-- while the first is made.
local now = tonumber(ARGV[1])
local closed = tonumber(redis.call('GET', KEYS[3]) or '0')
if closed > now then return {0, 'closed', tostring(closed - now)} end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[4])
local in_minute = ARGV[2] - redis.call('ZCARD', KEYS[1])
local in_day = ARGV[3] - (redis.call('GET', KEYS[2]) or 0)

-- For how many seconds so many calls cannot be begun with: until each will have its place when its turn comes.
local function wait_for_places(count)
  local wait, first = 0, math.max(1, in_minute + 1)
  if first > count then return 0 end
  local missing = redis.call('ZRANGE', KEYS[1], first - in_minute - 1, count - in_minute - 1, 'WITHSCORES')
  if #missing < 2 * (count - first + 1) then return tonumber(ARGV[4]) end
  for number = first, count do
    local free_in = missing[2 * (number - first) + 2] + ARGV[4] - now
    wait = math.max(wait, free_in - math.min((number - 1) * ARGV[6], ARGV[7]))
  end
  return wait
end

local granted, reason, wait, i = 0, '', 0, 8
while i <= #ARGV do
  local count = tonumber(ARGV[i])
  if count > in_day then reason, wait = 'day', ARGV[5] break end
  wait = wait_for_places(count)
  if wait > 0 then reason = 'minute' break end
  for j = i + 1, i + count do redis.call('ZADD', KEYS[1], now, ARGV[j]) end
  redis.call('INCRBY', KEYS[2], count)
  in_minute, in_day, granted, i = in_minute - count, in_day - count, granted + 1, i + count + 1
end
redis.call('EXPIRE', KEYS[1], 120)
redis.call('EXPIRE', KEYS[2], 172800)
return {granted, reason, tostring(wait)}

-- Leaves out of a bulk those of a piece that it is not for; when all are looked at, it goes on to do what is left.
-- What was chosen of an older piece changes nothing.
-- ARGV  id, where the piece began, how many there were then, how many of the piece stay, now, retention, then those that
--       do not
local key, left = 'bh:bulk:' .. ARGV[1], 'bh:bulk:' .. ARGV[1] .. ':left'
local state, looked = unpack(redis.call('HMGET', key, 'state', 'looked'))
if state ~= 'choosing' or looked ~= ARGV[2] or redis.call('ZCARD', left) ~= tonumber(ARGV[3]) then return 0 end
for i = 7, #ARGV do redis.call('ZREM', left, ARGV[i]) end
local now_looked = redis.call('HINCRBY', key, 'looked', ARGV[4])
local count = redis.call('ZCARD', left)
if count == 0 then
  end_bulk(ARGV[1], 'done', ARGV[5], ARGV[6])
elseif now_looked >= count then
  redis.call('HSET', key, 'state', 'running')
end
return 1

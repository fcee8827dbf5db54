-- Begins a deed on all events of some lists, unless the same is being done already.
-- ARGV  id, what makes two the same, now, retention, least rank, greatest rank, state to begin in, number of lists, the
--       lists, then the bulk's fields and values
-- Returns the id of the one that is done, and 1 when it is this one.
local id, same, now, retention, least, greatest = ARGV[1], 'bh:bulk:same:' .. ARGV[2], unpack(ARGV, 3, 6)
local going = redis.call('GET', same)
if going then return {going, 0} end
local key, left, taken = 'bh:bulk:' .. id, 'bh:bulk:' .. id .. ':left', 'bh:bulk:' .. id .. ':taken'
local first = 9
for i = first, first + ARGV[8] - 1 do
  local is_first = redis.call('EXISTS', left) == 0
  local into = is_first and left or taken
  if least == '-inf' and greatest == '+inf' then
    redis.call('COPY', ARGV[i], into, 'REPLACE')  -- a fraction of the time
  else
    redis.call('ZRANGESTORE', into, ARGV[i], least, greatest, 'BYSCORE')
  end
  if not is_first and redis.call('EXISTS', taken) == 1 then redis.call('ZUNIONSTORE', left, 2, left, taken) end
  redis.call('DEL', taken)
end
redis.call('HSET', key, 'state', ARGV[7], 'same', ARGV[2], 'at', now, 'looked', 0, 'done', 0, unpack(ARGV, first + ARGV[8]))
redis.call('ZADD', 'bh:bulks', now, id)
redis.call('ZREMRANGEBYSCORE', 'bh:bulks', '-inf', now - retention)
redis.call('SADD', 'bh:bulks:going', id)
redis.call('SET', same, id)
if redis.call('EXISTS', left) == 0 then end_bulk(id, 'done', now, retention) end
return {id, 1}

-- The organizations with something ready whose last turn is longest ago; they have had their turn now, so that another
-- process takes the next.
-- ARGV  now, how many at most
local turns = redis.call('ZRANGE', 'bh:turns', 0, ARGV[2] - 1)
for _, organization in ipairs(turns) do redis.call('ZADD', 'bh:turns', ARGV[1], organization) end
return turns

-- Takes or keeps the lease on an order; 0 when another worker holds it.
-- KEYS  the lease     ARGV  lease, milliseconds
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1

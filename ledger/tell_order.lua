-- Notes whether an order is cancelled, unless a newer version has said so; of one version the last word counts.
-- KEYS  the order     ARGV  cancelled (0 or 1), version (unix seconds)
local known = redis.call('HGET', KEYS[1], 'version')
if known and tonumber(known) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'cancelled', ARGV[1], 'version', ARGV[2])
return 1

-- Gives back reserved calls that were not made.
-- KEYS  minute, day    ARGV  ids
local removed = redis.call('ZREM', KEYS[1], unpack(ARGV))
if removed > 0 and redis.call('EXISTS', KEYS[2]) == 1 then redis.call('DECRBY', KEYS[2], removed) end
return removed

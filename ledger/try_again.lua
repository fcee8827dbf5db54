-- Has a pause be over at once: one event is tried, and if it ends well the pause with it.
-- ARGV  organization, now
local key = 'bh:organization:' .. ARGV[1]
if redis.call('HEXISTS', key, 'paused_until') == 1 then redis.call('HSET', key, 'paused_until', ARGV[2]) end

-- Keeps an organization from being worked for until a time. Returns 1 when it was not paused before.
-- ARGV  organization, paused_until, reason
local key = 'bh:organization:' .. ARGV[1]
local was = redis.call('HEXISTS', key, 'paused_until')
redis.call('HSET', key, 'paused_until', ARGV[2], 'pause_reason', ARGV[3])
return 1 - was

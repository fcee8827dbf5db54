-- Closes an organization's gate until a time; never opens it earlier than it would have.
-- KEYS  closed    ARGV  closed until, seconds to keep
local closed = tonumber(redis.call('GET', KEYS[1]) or '0')
if closed < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
end

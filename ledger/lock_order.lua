-- Takes or keeps the lease on an order and tells what is known of it, once what an event says of it is noted.
-- KEYS  the lease, the order
-- ARGV  lease, milliseconds, retention, '' or cancelled (0 or 1), its version (unix seconds)
-- Returns what is known of the order, or false when another worker holds the lease.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return false end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if ARGV[4] ~= '' then
  -- Unless a newer version has spoken; of one version the last word counts.
  local version = redis.call('HGET', KEYS[2], 'version')
  if not version or tonumber(version) <= tonumber(ARGV[5]) then
    redis.call('HSET', KEYS[2], 'cancelled', ARGV[4], 'version', ARGV[5])
    if ARGV[4] == '1' then redis.call('PERSIST', KEYS[2]) else redis.call('EXPIRE', KEYS[2], ARGV[3]) end
  end
end
return redis.call('HGETALL', KEYS[2])

-- Renews the leases a worker holds: of its events and of their documents.
-- KEYS  the documents' leases, each holding the lease named at the same place after the count of events
-- ARGV  lease_until, milliseconds, number of events, then event_id and lease for each, then a lease for each key
local events = tonumber(ARGV[3])
for i = 1, events do
  local event_id, lease = ARGV[2 + 2 * i], ARGV[3 + 2 * i]
  if redis.call('HGET', 'bh:event:' .. event_id, 'lease') == lease then
    redis.call('ZADD', 'bh:working', 'XX', ARGV[1], event_id)
  end
end
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[3 + 2 * events + i] then redis.call('PEXPIRE', key, ARGV[2]) end
end
return 1

-- Takes the lease on a business key, starting its record if there is none, and lists it under the event.
-- KEYS  the document, its lease, the event's list of documents
-- ARGV  lease, milliseconds, business_key, kind, event_id
-- Returns the record, or false when another worker holds the lease.
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return false end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'business_key', ARGV[3], 'kind', ARGV[4], 'state', 'new', 'generation', 1,
    'event_id', ARGV[5])
end
if not redis.call('LPOS', KEYS[3], ARGV[3]) then redis.call('RPUSH', KEYS[3], ARGV[3]) end
return redis.call('HGETALL', KEYS[1])

-- Takes the lease on a business key, starting its record if there is none, and lists it under the event.
-- KEYS  the document, its lease, the event's list of documents
-- ARGV  lease, milliseconds, business_key, kind, event_id, seconds after which it may be forgotten or ''
-- Returns the record, or false when another worker holds the lease.
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return false end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'business_key', ARGV[3], 'kind', ARGV[4], 'state', 'new', 'generation', 1,
    'event_id', ARGV[5])
end
-- A list that holds nothing but what may be forgotten goes with it.
local may_go = ARGV[6] ~= '' and redis.call('TTL', KEYS[3]) ~= -1
if not redis.call('LPOS', KEYS[3], ARGV[3]) then redis.call('RPUSH', KEYS[3], ARGV[3]) end
if ARGV[6] ~= '' then redis.call('EXPIRE', KEYS[1], ARGV[6]) end
if may_go then redis.call('EXPIRE', KEYS[3], ARGV[6]) else redis.call('PERSIST', KEYS[3]) end
return redis.call('HGETALL', KEYS[1])

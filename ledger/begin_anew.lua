-- Starts a record anew if the lease on its key is still the caller's: the next generation, which knows nothing of the last.
-- KEYS  the document, its lease     ARGV  lease
-- Returns 1, or 0 when the lease is not the caller's.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
local generation, event_id = unpack(redis.call('HMGET', KEYS[1], 'generation', 'event_id'))
redis.call('HSET', KEYS[1], 'state', 'new')
list_document(KEYS[1])
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'state', 'new', 'generation', (generation or 1) + 1, 'event_id', event_id)
return 1

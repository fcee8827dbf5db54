-- Writes fields of a document if the lease on its key is still the caller's. Returns 1, or 0 when it is not.
-- KEYS  the document, its lease     ARGV  lease, then fields and values
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
list_document(KEYS[1])
return 1

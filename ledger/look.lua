-- What is on record under each of the keys: its fields and values, none where there is no record.
-- KEYS  the documents
local found = {}
for i, key in ipairs(KEYS) do found[i] = redis.call('HGETALL', key) end
return found

-- Writes down that a document stands, notes it for its event and gives up the lease, if that is still the caller's.
-- KEYS  the document, its lease
-- ARGV  lease, event_id, at, step, detail, how many calls were made for the event, the calls, then fields and values
-- Returns the record, or false when the lease is not the caller's.
local rest = keep_calls(ARGV[2], 6)
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return false end
-- What was needed to send it is of no more use, and holds a person's data. Written anew, the record takes up less.
local kept = {unpack(ARGV, rest)}
local known, ttl = redis.call('HGETALL', KEYS[1]), redis.call('TTL', KEYS[1])
for i = 1, #known, 2 do
  if known[i] ~= 'frozen_body' and known[i] ~= 'send_deadline' then
    table.insert(kept, 1, known[i + 1])
    table.insert(kept, 1, known[i])
  end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(kept))
if ttl > 0 then redis.call('EXPIRE', KEYS[1], ttl) end
list_document(KEYS[1])
note(ARGV[2], ARGV[3], ARGV[4], ARGV[5])
redis.call('DEL', KEYS[2])
return redis.call('HGETALL', KEYS[1])

-- Takes the lease on a business key, starting its record if there is none, and lists it under the event.
-- KEYS  the document, its lease, the event's list of documents
-- ARGV  lease, milliseconds, event_id, seconds after which it may be forgotten or '', at and whether a document that
--       stands is only looked at, or '' and ''
-- Returns the record, or false when another worker holds the lease. Of a document that is only looked at, the event
-- notes that it was found, unless it is the event's own.
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return false end
local business_key, kind = names(KEYS[1])
local state, owner = unpack(redis.call('HMGET', KEYS[1], 'state', 'event_id'))
local is_looked_at = state == 'posted' and ARGV[6] ~= ''
if not is_looked_at then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2]) end
if not state then redis.call('HSET', KEYS[1], 'state', 'new', 'event_id', ARGV[3]) end
-- A list that holds nothing but what may be forgotten goes with it.
local may_go = ARGV[4] ~= '' and redis.call('TTL', KEYS[3]) ~= -1
local led_to, line = redis.call('GET', KEYS[3]) or '', business_key .. '\n'
if not string.find('\n' .. led_to, '\n' .. line, 1, true) then redis.call('SET', KEYS[3], led_to .. line, 'KEEPTTL') end
if ARGV[4] ~= '' then redis.call('EXPIRE', KEYS[1], ARGV[4]) end
if may_go then redis.call('EXPIRE', KEYS[3], ARGV[4]) else redis.call('PERSIST', KEYS[3]) end
if is_looked_at and owner ~= ARGV[3] then
  local number, zoho_id = unpack(redis.call('HMGET', KEYS[1], 'number', 'zoho_id'))
  note(ARGV[3], ARGV[5], kind .. '_found', number or zoho_id or '')
end
return redis.call('HGETALL', KEYS[1])

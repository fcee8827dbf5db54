-- Notes contacts as standing, where nothing is on record of them yet and no worker is just finding out.
-- ARGV  organization, then for each contact: business_key, zoho_id, the zoho_id that the same caller noted for it
--       before, or ''
-- Returns how many had no record before.
local added = 0
for i = 2, #ARGV, 3 do
  local business_key, zoho_id, before = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local key = 'bh:document:' .. business_key
  local state, origin, known = unpack(redis.call('HMGET', key, 'state', 'origin', 'zoho_id'))
  local is_free = redis.call('EXISTS', 'bh:lease:' .. business_key) == 0
  if is_free and not state then
    redis.call('HSET', key, 'state', 'posted', 'event_id', '', 'zoho_id', zoho_id, 'origin', 'warmed',
      'organization', ARGV[1])
    added = added + 1
  elseif is_free and state == 'posted' and origin == 'warmed' and known == before then
    redis.call('HSET', key, 'zoho_id', zoho_id)
  end
end
return added

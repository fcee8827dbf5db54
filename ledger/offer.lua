-- The events of an organization that RQ has room for, each with the number of calls to reserve for it.
-- ARGV  organization, how many calls Zoho allows it at once, now, how many at most
local organization = ARGV[1]
redis.call('HSET', 'bh:organization:' .. organization, 'at_once', ARGV[2])
local free = math.min(room(organization, ARGV[3]), tonumber(ARGV[4]))
if free <= 0 then return {} end
local offered = {}
for _, event_id in ipairs(redis.call('ZRANGE', 'bh:ready:' .. organization, 0, free - 1)) do
  table.insert(offered, event_id)
  table.insert(offered, redis.call('HGET', 'bh:event:' .. event_id, 'needs') or '1')
end
if #offered == 0 then redis.call('ZREM', 'bh:turns', organization) end
return offered

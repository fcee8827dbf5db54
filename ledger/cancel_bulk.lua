-- Ends a bulk that is not over; what it has not come to stays as it is. Returns 1, or 0 when it is over.
-- ARGV  id, by, now, retention
local key = 'bh:bulk:' .. ARGV[1]
local state = redis.call('HGET', key, 'state')
if state ~= 'choosing' and state ~= 'running' then return 0 end
redis.call('HSET', key, 'cancelled_by', ARGV[2])
end_bulk(ARGV[1], 'cancelled', ARGV[3], ARGV[4])
return 1

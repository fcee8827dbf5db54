-- Forgets that the ledger may have gone back, if that was not noticed later than a time.
-- ARGV  the time
local gone_back_at = redis.call('HGET', 'bh:incarnation', 'gone_back_at')
if not gone_back_at or tonumber(gone_back_at) > tonumber(ARGV[1]) then return 0 end
redis.call('HDEL', 'bh:incarnation', 'gone_back_at', 'reason')
return 1

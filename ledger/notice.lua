-- Notes which server the ledger is in, and whether it may have forgotten something since that was last noted.
-- ARGV  run_id, durable, replicated (0 or 1), the count of intentions a process has seen, now
-- Returns why it may have forgotten something, or ''.
local key = 'bh:incarnation'
local run_id, durable, replicated, count = unpack(redis.call('HMGET', key, 'run_id', 'durable', 'replicated', 'count'))
local reason = ''
if tonumber(count or 0) < tonumber(ARGV[4]) then
  reason = 'less'
  redis.call('HSET', key, 'count', ARGV[4])
elseif run_id and run_id ~= ARGV[1] and (durable .. ARGV[2] ~= '11' or replicated .. ARGV[3] ~= '00') then
  reason = 'another'
end
redis.call('HSET', key, 'run_id', ARGV[1], 'durable', ARGV[2], 'replicated', ARGV[3])
if reason ~= '' then redis.call('HSET', key, 'gone_back_at', ARGV[5], 'reason', reason) end
return reason

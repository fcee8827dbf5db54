-- Counts what came of events of a bulk, each once whoever says it; with the last the bulk ends.
-- ARGV  id, now, retention, then of each event its id and why nothing was done, or ''
local MOST_REASONS = 50
local key, left, refused = 'bh:bulk:' .. ARGV[1], 'bh:bulk:' .. ARGV[1] .. ':left', 'bh:bulk:' .. ARGV[1] .. ':refused'
for i = 4, #ARGV, 2 do
  local reason = ARGV[i + 1]
  if redis.call('ZREM', left, ARGV[i]) == 0 then
    -- said before
  elseif reason == '' then
    redis.call('HINCRBY', key, 'done', 1)
  elseif redis.call('HEXISTS', refused, reason) == 1 or redis.call('HLEN', refused) < MOST_REASONS then
    redis.call('HINCRBY', refused, reason, 1)
  else
    redis.call('HINCRBY', refused, 'For other reasons.', 1)
  end
end
local is_over = redis.call('EXISTS', left) == 0
if redis.call('HGET', key, 'state') == 'running' and is_over then end_bulk(ARGV[1], 'done', ARGV[2], ARGV[3]) end
return 1

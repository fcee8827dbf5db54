-- Moves an event from `working` to its next state, if the lease is still the caller's. Returns 1, or 0 when it is not;
-- 2 when that also ended a pause of its organization.
-- KEYS  the event
-- ARGV  event_id, lease, state, now, at, due_at or '', reason, error (JSON or ''), detail, retention,
--       calls it needs when its turn comes, or '' when it does not wait for its turn, tries that failed in a row,
--       1 when the organization could be worked for or '', then how many calls were made and each of them, then the
--       digests of the terms it is found by
local event_id, state, due_at, needs = ARGV[1], ARGV[3], ARGV[6], ARGV[11]
-- Whoever lost the lease made these calls all the same.
local rest = keep_calls(event_id, 14)
local lease, received_at, organization = unpack(redis.call('HMGET', KEYS[1], 'lease', 'received_at', 'organization'))
if lease ~= ARGV[2] then return 0 end
enter(event_id, state)
note(event_id, ARGV[5], state, ARGV[9])
index(event_id, received_at, ARGV[10], {unpack(ARGV, rest)})
acquit(KEYS[1])
redis.call('HSET', KEYS[1], 'failures', ARGV[12])
if ARGV[8] ~= '' then redis.call('HSET', KEYS[1], 'error', ARGV[8]) end
if due_at ~= '' then redis.call('HSET', KEYS[1], 'due_at', due_at, 'reason', ARGV[7]) end
if needs ~= '' then
  redis.call('HSET', KEYS[1], 'needs', needs)
  await_turn(event_id)
elseif due_at ~= '' then
  redis.call('ZADD', 'bh:due', due_at, event_id)
end
if not OPEN[state] and state ~= 'parked' and state ~= 'awaiting_approval' then
  let_expire(event_id, ARGV[4], ARGV[10])
end
if ARGV[13] == '' then return 1 end
local key = 'bh:organization:' .. organization
redis.call('HDEL', key, 'slow_until')
return redis.call('HDEL', key, 'paused_until', 'pause_reason') > 0 and 2 or 1

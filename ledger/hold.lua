-- Lets an event wait until a person has decided about it, if the lease is still the caller's. Returns 1, or 0 when not.
-- KEYS  the event, its approval
-- ARGV  event_id, lease, now, at, who submitted it (JSON list of texts to compare), the same as written, summary,
--       how many calls were made, the calls
local event_id = ARGV[1]
keep_calls(event_id, 8)
if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[2] then return 0 end
enter(event_id, 'awaiting_approval')
note(event_id, ARGV[4], 'awaiting_approval', ARGV[7])
acquit(KEYS[1])
redis.call('HSET', KEYS[1], 'failures', 0)
redis.call('HSET', KEYS[2], 'submitters', ARGV[5], 'submitted_by', ARGV[6], 'summary', ARGV[7], 'held_at', ARGV[3])
return 1

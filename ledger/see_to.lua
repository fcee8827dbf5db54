-- Ends a parked event because a person has seen to it by hand.
-- KEYS  the event     ARGV  event_id, now, at, retention, detail
-- Returns 1, or its state when it is not parked, or '' if unknown.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return '' end
if state ~= 'parked' then return state end
acquit(KEYS[1])
enter(ARGV[1], 'ignored')
note(ARGV[1], ARGV[3], 'ignored', ARGV[5])
let_expire(ARGV[1], ARGV[2], ARGV[4])
return 1

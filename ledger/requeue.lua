-- Gives a parked or waiting event its turn because a person asked, before all others.
-- KEYS  the event     ARGV  event_id, at
-- Returns 1, or its state when that cannot be retried, or '' if unknown.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return '' end
if state ~= 'parked' and state ~= 'waiting' then return state end
redis.call('HDEL', KEYS[1], 'error', 'suspect', 'crashes')
redis.call('HSET', KEYS[1], 'priority', 0)
enter(ARGV[1], 'queued')
await_turn(ARGV[1])
note(ARGV[1], ARGV[2], 'retried', 'asked for by a person')
return 1

-- Gives a parked or waiting event its turn because a person asked.
-- KEYS  the event     ARGV  event_id, at, 1 when what was fetched for it is to be forgotten, else 0, priority
-- Returns 1, or its state when that cannot be retried, or '' if unknown.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return '' end
if state ~= 'parked' and state ~= 'waiting' then return state end
acquit(KEYS[1])
redis.call('HSET', KEYS[1], 'priority', ARGV[4])
if ARGV[3] == '1' then redis.call('HDEL', KEYS[1], 'fetched') end
enter(ARGV[1], 'queued')
await_turn(ARGV[1])
note(ARGV[1], ARGV[2], 'retried', 'asked for by a person')
return 1

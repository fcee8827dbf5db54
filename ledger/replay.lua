-- Gives an event that has ended its turn again, behind what comes in; it is then kept until it ends anew.
-- KEYS  the event     ARGV  event_id, at, priority
-- Returns 1, or its state when it has not ended, or '' if unknown.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return '' end
if state ~= 'posted' and state ~= 'ignored' and state ~= 'rejected' then return state end
redis.call('PERSIST', KEYS[1])
redis.call('PERSIST', 'bh:timeline:' .. ARGV[1])
redis.call('PERSIST', 'bh:calls:' .. ARGV[1])
redis.call('HDEL', KEYS[1], 'error')
redis.call('HSET', KEYS[1], 'priority', ARGV[3], 'failures', 0, 'replayed', 1)
enter(ARGV[1], 'queued')
await_turn(ARGV[1])
note(ARGV[1], ARGV[2], 'replayed', 'asked for by a person')
return 1

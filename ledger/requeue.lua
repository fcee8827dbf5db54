-- Hands over an event again because a person asked. Returns 1, or its state when that cannot be retried, or '' if unknown.
-- KEYS  the event     ARGV  event_id, now, at, queue, func, timeout
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return '' end
if state ~= 'parked' and state ~= 'waiting' then return state end
redis.call('HDEL', KEYS[1], 'error')
note(ARGV[1], ARGV[3], 'retried', 'asked for by a person')
hand_over(ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6])
return 1

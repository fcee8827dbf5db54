-- Parks an event whose documents are taken back, whatever it had come to; it is then kept until a person ends it.
-- KEYS  the event     ARGV  event_id, at, error (JSON), detail
-- Returns 1, or its state when it is at work or waits for approval, or '' if unknown.
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return '' end
if state == 'working' or state == 'awaiting_approval' then return state end
enter(ARGV[1], 'parked')
redis.call('HSET', KEYS[1], 'error', ARGV[3])
redis.call('PERSIST', KEYS[1])
redis.call('PERSIST', 'bh:timeline:' .. ARGV[1])
redis.call('PERSIST', 'bh:calls:' .. ARGV[1])
note(ARGV[1], ARGV[2], 'parked', ARGV[4])
return 1

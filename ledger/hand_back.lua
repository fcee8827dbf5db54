-- Gives an event back that its worker will not finish, if the lease is still the caller's: a stop is no crash.
-- KEYS  the event     ARGV  event_id, lease, at, how many calls were made, the calls
keep_calls(ARGV[1], 4)
if redis.call('HGET', KEYS[1], 'lease') ~= ARGV[2] then return 0 end
enter(ARGV[1], 'queued')
await_turn(ARGV[1])
note(ARGV[1], ARGV[3], 'handed_back', 'its worker was stopped')
return 1

-- Keeps calls that were made for an event.
-- ARGV  event_id, how many calls, the calls (packed)
-- Returns 1, or 0 when the event is not stored, or in the archive.
keep_calls(ARGV[1], 2)
return redis.call('EXISTS', 'bh:event:' .. ARGV[1])

-- Gives up the right to read a report, if it is still the caller's.
-- KEYS  the right, how far reading is     ARGV  who reads
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1], KEYS[2]) end
return 1

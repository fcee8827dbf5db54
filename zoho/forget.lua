-- Removes a key if its value begins with a text: never what somebody else has put there since.
-- KEYS  key    ARGV  beginning
local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 1, string.len(ARGV[1])) == ARGV[1] then
  redis.call('DEL', KEYS[1])
end

-- Copies an event that has ended, with all that the ledger keeps of it, under ids of their own.
-- ARGV  event_id, business key of its invoice, Zoho's id of that, number of the first copy, how many, now (seconds), how
--       many copies there will be in all, retention (seconds)
local model, invoice, zoho_id = ARGV[1], ARGV[2], ARGV[3]
local first, count, now, all, retention = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local connection = string.match(invoice, '^([^/]*)/')
local led_to = redis.call('GET', 'bh:documents:' .. model)
local order = 'bh:order:' .. connection .. '/' .. string.match(invoice, '^[^/]*/[^/]*/(.*)$')
for number = first + 1, first + count do
  local event_id = string.format('ev_%017d', number)
  local order_id = string.format('%013d', number)
  local key = connection .. '/invoice/order:' .. order_id
  local received_at = now - retention * (number / all) * 0.9
  redis.call('COPY', 'bh:archive:' .. model, 'bh:archive:' .. event_id)
  redis.call('SET', 'bh:documents:' .. event_id, (string.gsub(led_to, string.gsub(invoice, '%p', '%%%0'), key)))
  redis.call('ZADD', 'bh:events:' .. connection .. ':posted', received_at, event_id)
  for kind = 1, 2 do
    local digest = string.sub(redis.sha1hex(number .. ':' .. kind), 1, 16)
    redis.call('SET', 'bh:seen:' .. digest, event_id, 'EX', retention)
  end
  for term = 1, 3 do
    local digest = redis.sha1hex(number .. '.' .. term)
    local shelf = 'bh:find:' .. string.sub(digest, 1, 4)
    redis.call('ZADD', shelf, math.floor(received_at), string.sub(digest, 5, 20) .. event_id)
    redis.call('EXPIRE', shelf, retention)
  end
  if redis.call('EXISTS', order) == 1 then
    redis.call('COPY', order, 'bh:order:' .. connection .. '/order:' .. order_id)
  end
  redis.call('COPY', 'bh:document:' .. invoice, 'bh:document:' .. key)
  redis.call('ZADD', 'bh:posted:10000001', received_at, key)
  redis.call('HSET', 'bh:zoho:10000001', string.format('46000100%010d', number), key)
end

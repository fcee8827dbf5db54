-- Writes down the intention to send, if the leases on the document and its order are still the caller's, and counts it.
-- KEYS  the document, its lease, the order's lease (or the document's once more)
-- ARGV  lease, the greatest count of intentions the caller has seen, 1 to leave out whether the ledger may have forgotten
--       something, then fields and values
-- Returns the new count; 0 when a lease has passed to another; -1, with nothing written, when the ledger may have
-- forgotten something, or Redis is another than the one it was last seen in.
if redis.call('GET', KEYS[2]) ~= ARGV[1] or redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end
if ARGV[3] == '' then
  local server = redis.pcall('INFO', 'server')
  local run_id = type(server) == 'string' and string.match(server, 'run_id:(%x+)') or ''
  local known, count, gone_back_at = unpack(redis.call('HMGET', 'bh:incarnation', 'run_id', 'count', 'gone_back_at'))
  if known ~= run_id or gone_back_at or tonumber(count or 0) < tonumber(ARGV[2]) then return -1 end
end
redis.call('HSET', KEYS[1], unpack(ARGV, 4))
list_document(KEYS[1])
return redis.call('HINCRBY', 'bh:incarnation', 'count', 1)

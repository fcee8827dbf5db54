-- Records a verified event once, and queues it unless it is ignored: to RQ at once where nothing waits before it.
-- KEYS  the event, then the keys by which repeats are recognised
-- ARGV  event_id, state (queued|ignored), received_at (seconds), at (text), retention (seconds), queue, func, timeout,
--       detail, now (seconds), received_at (text), late ('' or why it is recorded only now), connection, organization,
--       order or '', version or '', batch or '', then the event's fields and values
-- Returns {'new' or 'duplicate', event_id}.
local event_id, state, received_at, at, retention = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now, connection, organization, order, version, batch = ARGV[10], unpack(ARGV, 13, 17)
for i = 2, #KEYS do
  local first = redis.call('GET', KEYS[i])
  if first then
    -- The sender of a late repeat was told an id of its own: it leads to the first event.
    if ARGV[12] ~= '' and first ~= event_id and redis.call('EXISTS', KEYS[1]) == 0 then
      redis.call('HSET', KEYS[1], 'same_as', first)
      redis.call('EXPIRE', KEYS[1], retention)
    end
    return {'duplicate', first}
  end
end
for i = 2, #KEYS do redis.call('SET', KEYS[i], event_id, 'EX', retention) end
redis.call('HSET', KEYS[1], 'state', state, 'received_at', received_at, unpack(ARGV, 18))
redis.call('SADD', 'bh:connections', connection)
redis.call('ZADD', 'bh:events:' .. connection .. ':' .. state, received_at, event_id)
if order ~= '' and version ~= '' and state == 'queued' then
  local known = 'bh:order:' .. connection .. '/' .. order
  redis.call('HSET', known, 'of:' .. event_id, version)
  if redis.call('HGET', known, 'cancelled') ~= '1' then redis.call('EXPIRE', known, retention) end
end
if batch ~= '' then redis.call('ZADD', 'bh:batch:' .. batch, received_at, event_id) end
note(event_id, ARGV[11], 'received', '')
if ARGV[12] ~= '' then note(event_id, at, 'spooled', ARGV[12]) end
if state ~= 'queued' then
  note(event_id, at, state, ARGV[9])
  let_expire(event_id, now, retention)
  return {'new', event_id}
end
redis.call('ZADD', 'bh:open:' .. organization, received_at, event_id)
if redis.call('EXISTS', 'bh:ready:' .. organization) == 0 and room(organization, now) > 0 then
  give_job(event_id, organization, now, at, ARGV[6], ARGV[7], ARGV[8])
else
  await_turn(event_id)
end
return {'new', event_id}

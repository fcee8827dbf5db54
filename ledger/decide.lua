-- Writes down what a person says of an event that waits for approval, and lets it go on or ends it.
-- KEYS  the event, its approval
-- ARGV  event_id, verdict (approve or reject), who decides (JSON list of texts to compare), the same as written, note,
--       now, at, retention, line for the timeline, connection it must be of or ''
-- Returns '' when it counts, else what is in the way: unknown, decided, own, or the event's state.
local event_id, verdict = ARGV[1], ARGV[2]
local state, connection = unpack(redis.call('HMGET', KEYS[1], 'state', 'connection'))
if not state or (ARGV[10] ~= '' and ARGV[10] ~= connection) then return 'unknown' end
if redis.call('HEXISTS', KEYS[2], 'verdict') == 1 then return 'decided' end
if state ~= 'awaiting_approval' then return state end
local is_own = {}
for _, name in ipairs(cjson.decode(redis.call('HGET', KEYS[2], 'submitters') or '[]')) do is_own[name] = true end
for _, name in ipairs(cjson.decode(ARGV[3])) do
  if is_own[name] then return 'own' end
end
redis.call('HSET', KEYS[2], 'verdict', verdict, 'decided_by', ARGV[4], 'note', ARGV[5], 'decided_at', ARGV[6])
redis.call('ZADD', 'bh:decided', ARGV[6], event_id)
redis.call('ZREMRANGEBYRANK', 'bh:decided', 0, -10001)
if verdict == 'approve' then
  redis.call('HSET', KEYS[1], 'priority', 0)
  enter(event_id, 'queued')
  await_turn(event_id)
  note(event_id, ARGV[7], 'approved', ARGV[9])
else
  enter(event_id, 'rejected')
  note(event_id, ARGV[7], 'rejected', ARGV[9])
  let_expire(event_id, ARGV[6], ARGV[8])
end
return ''

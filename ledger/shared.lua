-- Functions shared by the scripts of this folder; put in front of each by ledger/handoff.py.

local OPEN = {queued = true, working = true, waiting = true}
local KEPT_STEPS = 200

local function note(event_id, at, step, detail)
  local key = 'bh:timeline:' .. event_id
  redis.call('RPUSH', key, cjson.encode({at = at, step = step, detail = detail}))
  redis.call('LTRIM', key, -KEPT_STEPS, -1)
end

-- Puts an event into a state and keeps the lists by state, by organization and by due time true.
local function enter(event_id, state, now)
  local key = 'bh:event:' .. event_id
  local was, received_at, organization = unpack(redis.call('HMGET', key, 'state', 'received_at', 'organization'))
  if was then redis.call('ZREM', 'bh:events:' .. was, event_id) end
  redis.call('HSET', key, 'state', state)
  redis.call('ZADD', 'bh:events:' .. state, received_at, event_id)
  redis.call(OPEN[state] and 'ZADD' or 'ZREM', unpack(
    OPEN[state] and {'bh:open:' .. organization, received_at, event_id} or {'bh:open:' .. organization, event_id}))
  if state ~= 'waiting' then redis.call('ZREM', 'bh:due', event_id); redis.call('HDEL', key, 'due_at', 'reason') end
  if state ~= 'working' then redis.call('ZREM', 'bh:working', event_id); redis.call('HDEL', key, 'lease') end
end

-- Queues an event and hands it to RQ, as RQ 3 itself would enqueue a job with the JSON serializer.
local function hand_over(event_id, now, at, queue, func, timeout)
  enter(event_id, 'queued', now)
  redis.call('HSET', 'bh:event:' .. event_id, 'handed_at', now)
  local job_id = event_id .. '-' .. redis.call('HINCRBY', 'bh:event:' .. event_id, 'handed', 1)
  redis.call('HSET', 'rq:job:' .. job_id,
    'created_at', at, 'enqueued_at', at, 'origin', queue, 'status', 'queued', 'timeout', timeout,
    'description', func .. ' ' .. event_id, 'result_ttl', 0, 'failure_ttl', 86400,
    'data', '["' .. func .. '", null, ["' .. event_id .. '"], {}]',
    'success_callback_name', '', 'failure_callback_name', '', 'stopped_callback_name', '',
    'started_at', '', 'ended_at', '', 'last_heartbeat', '', 'worker_name', '', 'group_id', '')
  redis.call('SADD', 'rq:queues', 'rq:queue:' .. queue)
  redis.call('RPUSH', 'rq:queue:' .. queue, job_id)
end

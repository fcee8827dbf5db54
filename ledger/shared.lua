-- Functions shared by the scripts of this folder; put in front of each by ledger/scripts.py.

local KEPT_STEPS = 200
local OPEN = {queued = true, working = true, waiting = true}
-- Ranks of one priority lie below those of the next; within it the oldest goes first.
local RANKS_APART = 1e11

local function note(event_id, at, step, detail)
  local key = 'bh:timeline:' .. event_id
  redis.call('RPUSH', key, cjson.encode({at = at, step = step, detail = detail}))
  redis.call('LTRIM', key, -KEPT_STEPS, -1)
end

local function stop_working(event_id, key)
  local process = redis.call('HGET', key, 'process')
  if process then redis.call('SREM', 'bh:process:' .. process, event_id) end
  redis.call('ZREM', 'bh:working', event_id)
  redis.call('HDEL', key, 'lease', 'process', 'alone', 'tickets')
end

-- Puts an event into a state and keeps every list true; it then waits nowhere for its turn.
local function enter(event_id, state)
  local key = 'bh:event:' .. event_id
  local was, received_at, organization = unpack(redis.call('HMGET', key, 'state', 'received_at', 'organization'))
  if was then redis.call('ZREM', 'bh:events:' .. was, event_id) end
  if was == 'working' then stop_working(event_id, key) end
  redis.call('HSET', key, 'state', state)
  redis.call('ZADD', 'bh:events:' .. state, received_at, event_id)
  if OPEN[state] then
    redis.call('ZADD', 'bh:open:' .. organization, received_at, event_id)
  else
    redis.call('ZREM', 'bh:open:' .. organization, event_id)
  end
  redis.call('ZREM', 'bh:due', event_id)
  redis.call('ZREM', 'bh:ready:' .. organization, event_id)
  if state ~= 'working' then redis.call('ZREM', 'bh:handed:' .. organization, event_id) end
  if state ~= 'waiting' then redis.call('HDEL', key, 'due_at', 'reason') end
end

-- Keeps an event that has ended for the retention, no longer.
local function let_expire(event_id, now, retention)
  local key = 'bh:event:' .. event_id
  redis.call('EXPIRE', key, retention)
  redis.call('EXPIRE', 'bh:timeline:' .. event_id, retention)
  -- The lists forget what has expired, a little with every event that ends.
  local oldest = tonumber(now) - tonumber(retention)
  local connection, state = unpack(redis.call('HMGET', key, 'connection', 'state'))
  for _, list in ipairs({'bh:events', 'bh:events:' .. state, 'bh:events:of:' .. connection}) do
    redis.call('ZREMRANGEBYSCORE', list, '-inf', oldest)
  end
end

-- Lets an event wait for its organization's turn, in the state it has.
local function await_turn(event_id)
  local key = 'bh:event:' .. event_id
  redis.call('HDEL', key, 'tickets')
  local received_at, organization, priority = unpack(redis.call('HMGET', key, 'received_at', 'organization', 'priority'))
  redis.call('ZADD', 'bh:ready:' .. organization, (priority or 1) * RANKS_APART + received_at, event_id)
  redis.call('ZADD', 'bh:turns', 'NX', 0, organization)
end

-- Hands an event to RQ, as RQ 3 itself would enqueue a job with the JSON serializer.
local function hand_over(event_id, now, at, queue, func, timeout)
  enter(event_id, 'queued')
  local key = 'bh:event:' .. event_id
  local organization = redis.call('HGET', key, 'organization')
  local job_id = event_id .. '-' .. redis.call('HINCRBY', key, 'handed', 1)
  redis.call('ZADD', 'bh:handed:' .. organization, now, event_id)
  redis.call('SADD', 'bh:organizations', organization)
  redis.call('HSET', 'rq:job:' .. job_id,
    'created_at', at, 'enqueued_at', at, 'origin', queue, 'status', 'queued', 'timeout', timeout,
    'description', func .. ' ' .. event_id, 'result_ttl', 0, 'failure_ttl', 86400,
    'data', '["' .. func .. '", null, ["' .. event_id .. '"], {}]',
    'success_callback_name', '', 'failure_callback_name', '', 'stopped_callback_name', '',
    'started_at', '', 'ended_at', '', 'last_heartbeat', '', 'worker_name', '', 'group_id', '')
  redis.call('SADD', 'rq:queues', 'rq:queue:' .. queue)
  redis.call('RPUSH', 'rq:queue:' .. queue, job_id)
end

-- How many more events of an organization RQ may be given: what Zoho allows in flight, one to try out a mended
-- connection, none while it is known to be broken.
local function room(organization, now)
  local at_once, paused_until = unpack(redis.call('HMGET', 'bh:organization:' .. organization, 'at_once', 'paused_until'))
  local handed = redis.call('ZCARD', 'bh:handed:' .. organization)
  if not paused_until then return (tonumber(at_once) or 4) - handed end
  if tonumber(paused_until) > tonumber(now) then return 0 end
  return 1 - handed
end

local IN_DOUBT = {posting = true, unknown = true, undoing = true}
local IN_BOOKS = {invoice = true, expense = true, payment = true, credit_note = true}

-- Keeps the lists of an organization's documents true to what a document's record says.
local function list_document(key)
  local business_key, kind, state, organization, zoho_id, posted_at, send_deadline = unpack(redis.call('HMGET', key,
    'business_key', 'kind', 'state', 'organization', 'zoho_id', 'posted_at', 'send_deadline'))
  if not organization then return end
  local posted, doubtful = 'bh:posted:' .. organization, 'bh:doubtful:' .. organization
  if state == 'posted' then
    redis.call('ZADD', posted, posted_at or 0, business_key)
  else
    redis.call('ZREM', posted, business_key)
  end
  if IN_DOUBT[state] then
    redis.call('ZADD', doubtful, send_deadline or 0, business_key)
  else
    redis.call('ZREM', doubtful, business_key)
  end
  if zoho_id and IN_BOOKS[kind] then redis.call('HSET', 'bh:zoho:' .. organization, zoho_id, business_key) end
end

-- Functions shared by the scripts of this folder; put in front of each by ledger/scripts.py.

local KEPT_STEPS = 200
local OPEN = {queued = true, working = true, waiting = true}
-- Ranks of one priority lie below those of the next; within it the oldest goes first.
local RANKS_APART = 1e11

local function note(event_id, at, step, detail)
  local key = 'bh:timeline:' .. event_id
  local steps = redis.call('RPUSH', key, cjson.encode({at = at, step = step, detail = detail}))
  if steps > KEPT_STEPS then redis.call('LTRIM', key, -KEPT_STEPS, -1) end
end

local KEPT_CALLS = 200

-- Keeps calls to Zoho as long as their event, which they belong to whoever has it now. They stand in ARGV from `first`:
-- how many, then each, packed. Returns where ARGV goes on.
local function keep_calls(event_id, first)
  local event, key, count = 'bh:event:' .. event_id, 'bh:calls:' .. event_id, tonumber(ARGV[first])
  if count > 0 and redis.call('EXISTS', event) == 1 then
    local kept, left = redis.call('RPUSH', key, unpack(ARGV, first + 1, first + count)), redis.call('PTTL', event)
    if kept > KEPT_CALLS then redis.call('LTRIM', key, -KEPT_CALLS, -1) end
    if left > 0 then redis.call('PEXPIRE', key, left) end
  end
  return first + count + 1
end

-- Puts an event into a state and keeps every list true; it then waits nowhere for its turn.
local function enter(event_id, state)
  local key = 'bh:event:' .. event_id
  local was, received_at, connection, organization, process =
    unpack(redis.call('HMGET', key, 'state', 'received_at', 'connection', 'organization', 'process'))
  redis.call('HSET', key, 'state', state)
  redis.call('ZREM', 'bh:events:' .. connection .. ':' .. was, event_id)
  redis.call('ZADD', 'bh:events:' .. connection .. ':' .. state, received_at, event_id)
  if OPEN[state] and not OPEN[was] then redis.call('ZADD', 'bh:open:' .. organization, received_at, event_id) end
  if OPEN[was] and not OPEN[state] then redis.call('ZREM', 'bh:open:' .. organization, event_id) end
  if was == 'working' then
    if process then redis.call('SREM', 'bh:process:' .. process, event_id) end
    redis.call('ZREM', 'bh:working', event_id)
    redis.call('HDEL', key, 'lease', 'process', 'alone', 'tickets')
  else
    redis.call('ZREM', 'bh:ready:' .. organization, event_id)
  end
  if was == 'waiting' then
    redis.call('ZREM', 'bh:due', event_id)
    redis.call('HDEL', key, 'due_at', 'reason')
  end
  if state ~= 'working' then redis.call('ZREM', 'bh:handed:' .. organization, event_id) end
end

-- Holds nothing against an event any more.
local function acquit(key)
  redis.call('HDEL', key, 'error', 'suspect', 'crashes', 'shared_crashes')
end

-- Has an event found by terms, each given as a digest; what is as old as the retention is forgotten.
local function index(event_id, received_at, retention, terms)
  for _, digest in ipairs(terms) do
    local shelf = 'bh:find:' .. string.sub(digest, 1, 4)
    redis.call('ZADD', shelf, math.floor(received_at), string.sub(digest, 5) .. event_id)
    redis.call('ZREMRANGEBYSCORE', shelf, '-inf', received_at - retention)
    redis.call('EXPIRE', shelf, retention)
  end
end

local MOST_FORGOTTEN = 10

-- Keeps an event that has ended for the retention, no longer, and has it put into the archive.
local function let_expire(event_id, now, retention)
  local key = 'bh:event:' .. event_id
  redis.call('EXPIRE', key, retention)
  redis.call('EXPIRE', 'bh:timeline:' .. event_id, retention)
  redis.call('EXPIRE', 'bh:calls:' .. event_id, retention)
  redis.call('RPUSH', 'bh:to_archive', event_id)
  -- The list forgets what has expired, a little with every event that ends.
  local connection, state = unpack(redis.call('HMGET', key, 'connection', 'state'))
  local list, oldest = 'bh:events:' .. connection .. ':' .. state, tonumber(now) - tonumber(retention)
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', list, '-inf', oldest, 'LIMIT', 0, MOST_FORGOTTEN)) do
    if redis.call('EXISTS', 'bh:event:' .. old, 'bh:archive:' .. old) == 0 then redis.call('ZREM', list, old) end
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

-- Gives RQ a job for a queued event, as RQ 3 itself would enqueue it with the JSON serializer.
local function give_job(event_id, organization, now, at, queue, func, timeout)
  local job_id = event_id .. '-' .. redis.call('HINCRBY', 'bh:event:' .. event_id, 'handed', 1)
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

-- A lease lasts 15 seconds and is renewed every 5 (leases.py): with less left than this its worker is dead or frozen.
local ALIVE_SECONDS, LEASE_SECONDS = 9, 15

-- How many of an organization's events RQ has just been given, or a worker has that is alive.
local function tried(handed, now)
  local count, found = 0, redis.call('ZRANGE', handed, 0, -1, 'WITHSCORES')
  for i = 1, #found, 2 do
    local lease_until = redis.call('ZSCORE', 'bh:working', found[i]) or found[i + 1] + LEASE_SECONDS
    if lease_until - now > ALIVE_SECONDS then count = count + 1 end
  end
  return count
end

-- How many more events of an organization RQ may be given: what Zoho allows in flight, one at a time while Zoho hangs or
-- to try out a mended connection, none while it is known to be broken or while nobody has said which organization it is.
local function room(organization, now)
  if organization == 'default' then return 0 end
  local at_once, paused_until, slow_until =
    unpack(redis.call('HMGET', 'bh:organization:' .. organization, 'at_once', 'paused_until', 'slow_until'))
  if paused_until and tonumber(paused_until) > tonumber(now) then return 0 end
  local handed = 'bh:handed:' .. organization
  local free = (tonumber(at_once) or 4) - redis.call('ZCARD', handed)
  if not paused_until and tonumber(slow_until or 0) <= tonumber(now) then return free end
  return math.min(free, 1 - tried(handed, now))
end

-- What names a document, and its kind: a key is `bh:document:<place>/<kind>/<name>`.
local function names(key)
  local business_key = string.sub(key, 13)
  return business_key, string.match(business_key, '^[^/]*/([^/]*)/')
end

local IN_DOUBT = {posting = true, unknown = true, undoing = true}
local IN_BOOKS = {invoice = true, expense = true, payment = true, credit_note = true}

-- Keeps the lists of an organization's documents true to what a document's record says.
local function list_document(key)
  local state, organization, zoho_id, posted_at, send_deadline =
    unpack(redis.call('HMGET', key, 'state', 'organization', 'zoho_id', 'posted_at', 'send_deadline'))
  local business_key, kind = names(key)
  if not organization then return end
  local doubtful = 'bh:doubtful:' .. organization
  if IN_DOUBT[state] then
    redis.call('ZADD', doubtful, send_deadline or 0, business_key)
  else
    redis.call('ZREM', doubtful, business_key)
  end
  if not IN_BOOKS[kind] then return end
  if state == 'posted' then
    redis.call('ZADD', 'bh:posted:' .. organization, posted_at or 0, business_key)
  else
    redis.call('ZREM', 'bh:posted:' .. organization, business_key)
  end
  if zoho_id then redis.call('HSET', 'bh:zoho:' .. organization, zoho_id, business_key) end
end

-- Ends a deed on many events; what is known of it is kept for the retention.
local function end_bulk(id, state, now, retention)
  local key = 'bh:bulk:' .. id
  redis.call('HSET', key, 'state', state, 'ended_at', now)
  redis.call('SREM', 'bh:bulks:going', id)
  redis.call('DEL', 'bh:bulk:same:' .. redis.call('HGET', key, 'same'))
  for _, each in ipairs({key, key .. ':left', key .. ':refused'}) do redis.call('EXPIRE', each, retention) end
end

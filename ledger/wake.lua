-- Gives a turn again to what is due, to what a dead worker left behind and to what RQ lost.
-- ARGV  now, at, how many at most, queue, patience (seconds after which a job RQ does not have is lost),
--       crashes after which an event is parked, what to park it with (JSON), seconds between two sweeps over all
--       organizations, whoever makes them, crashes in company after which an event is tried alone
-- Returns the ids.
local now, at, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
local woken = {}

local function give_turn(event_id)
  enter(event_id, 'queued')
  await_turn(event_id)
  table.insert(woken, event_id)
end

-- A worker died with this event. If nothing else ran in it, the event is to blame; if others did and it is not for the
-- first time, it may be, and is tried alone.
local function take_back(event_id)
  local key = 'bh:event:' .. event_id
  local alone = redis.call('HGET', key, 'alone') == '1'
  local crashes = redis.call('HINCRBY', key, alone and 'crashes' or 'shared_crashes', 1)
  note(event_id, at, 'taken_back', alone and 'its worker died with it' or 'its worker died, with others')
  if alone and crashes >= tonumber(ARGV[6]) then
    enter(event_id, 'parked')
    acquit(key)
    redis.call('HSET', key, 'error', ARGV[7])
    return note(event_id, at, 'parked', 'poison')
  end
  if alone or crashes >= tonumber(ARGV[9]) then redis.call('HSET', key, 'suspect', 1) end
  give_turn(event_id)
end

for _, event_id in ipairs(redis.call('ZRANGEBYSCORE', 'bh:due', '-inf', now, 'LIMIT', 0, most)) do
  give_turn(event_id)
end
for _, event_id in ipairs(redis.call('ZRANGEBYSCORE', 'bh:working', '-inf', now, 'LIMIT', 0, most)) do
  take_back(event_id)
end
local swept_at = tonumber(redis.call('GET', 'bh:swept') or 0)
if swept_at <= tonumber(now) and now - swept_at < tonumber(ARGV[8]) then return woken end
redis.call('SET', 'bh:swept', now)
for _, organization in ipairs(redis.call('SMEMBERS', 'bh:organizations')) do
  local handed = redis.call('ZRANGEBYSCORE', 'bh:handed:' .. organization, '-inf', '(' .. now - ARGV[5])
  for _, event_id in ipairs(handed) do
    local state, number = unpack(redis.call('HMGET', 'bh:event:' .. event_id, 'state', 'handed'))
    if state == 'queued' and not redis.call('LPOS', 'rq:queue:' .. ARGV[4], event_id .. '-' .. number) then
      note(event_id, at, 'taken_back', 'its job was lost')
      give_turn(event_id)
    end
  end
end
return woken

-- A thread of RQ's worker is done with a job that went well and begins on another, as RQ 3 itself writes it in several
-- transactions: for jobs that leave no result and on which nothing depends.
-- ARGV  queue, the worker's name, now (seconds), now (text), seconds a job may take; the execution to begin, a job that
--       was popped or '', 1 when the next may be popped instead or ''; the job that is over, its execution and the
--       seconds it took, or '' thrice
-- Returns the id and the fields of the job that has begun, or false where there is none.
local queue, name, now, at, ttl, execution, popped, may_pop, over, its_execution, seconds = unpack(ARGV)
local started, worker = 'rq:wip:' .. queue, 'rq:worker:' .. name
local running = worker .. ':executions'

if over ~= '' then
  local both = over .. ':' .. its_execution
  redis.call('DEL', 'rq:job:' .. over, 'rq:execution:' .. both)
  redis.call('ZREM', 'rq:executions:' .. over, its_execution)
  redis.call('ZREM', started, both)
  redis.call('SREM', running, both)
  redis.call('HINCRBY', worker, 'successful_job_count', 1)
  redis.call('HINCRBYFLOAT', worker, 'total_working_time', seconds)
end

local job_id, fields = popped, {}
if popped ~= '' then
  redis.call('LREM', 'rq:queue:' .. queue .. ':intermediate', 1, popped)
  fields = redis.call('HGETALL', 'rq:job:' .. popped)
elseif may_pop ~= '' and redis.call('EXISTS', 'rq:suspended') == 0 then
  repeat
    job_id = redis.call('LPOP', 'rq:queue:' .. queue)
    fields = job_id and redis.call('HGETALL', 'rq:job:' .. job_id) or {}
  until not job_id or #fields > 0
end
if #fields == 0 then
  if redis.call('EXISTS', running) == 0 then redis.call('HSET', worker, 'state', 'idle') end
  return false
end

local job, both = 'rq:job:' .. job_id, job_id .. ':' .. execution
redis.call('HSET', job, 'status', 'started', 'started_at', at, 'last_heartbeat', at, 'worker_name', name)
redis.call('PERSIST', job)
redis.call('HSET', 'rq:execution:' .. both,
  'id', execution, 'job_id', job_id, 'created_at', now, 'last_heartbeat', now, 'worker_name', name)
redis.call('EXPIRE', 'rq:execution:' .. both, ttl)
redis.call('ZADD', 'rq:executions:' .. job_id, now + ttl + 60, execution)
redis.call('EXPIRE', 'rq:executions:' .. job_id, ttl + 60)
redis.call('ZADD', started, now + ttl, both)
redis.call('HSET', worker, 'state', 'busy')
redis.call('SADD', running, both)
redis.call('EXPIRE', running, ttl)
return {job_id, fields}

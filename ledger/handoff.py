"""The hand-off to RQ: which queue, which job, and the Lua that writes a job as RQ 3 reads it.

rq:queue:bookhook            list   job ids; RQ's own key, written here and by RQ
rq:queues                    set    RQ's list of queues
rq:job:<event_id>-<number>   hash   RQ's own job, holding only the event's id; RQ deletes it when the job is done

Of a job that runs there are RQ's own rq:execution:*, rq:executions:*, rq:wip:bookhook and rq:worker:*, written by
step_job.lua; tests/worker/test_thread_worker.py pins them.

Each hand-over of an event is a job of its own (`number` counts up), so that RQ cleaning up after one never removes the
next. tests/ledger/test_handoff.py pins this to what RQ writes itself.
"""

# Who goes first: what a person waits for, what comes in, what comes again.
PEOPLE, LIVE, REPLAYS = range(3)
QUEUE = "bookhook"
WORK_EVENT = "worker.jobs.work_event"
JOB_TIMEOUT_SECONDS = 600
# What a script that hands over is told: queue, job, time limit.
HANDOFF = (QUEUE, WORK_EVENT, JOB_TIMEOUT_SECONDS)

"""The hand-off writes jobs as RQ itself would: fetched, run and cleaned up by RQ's own worker."""

import signal
from collections.abc import Iterator

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from ledger.arrivals import Arrival
from ledger.handoff import JOB_TIMEOUT_SECONDS, QUEUE, WORK_EVENT
from ledger.ledger import Ledger

ARRIVAL = Arrival(connection="c", source="s", organization="1", topic="t", delivery=None, headers={}, body=b"{}")


@pytest.fixture(autouse=True)
def _signal_handlers_stay() -> Iterator[None]:
    """RQ's worker leaves its own behind."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def record(redis: Redis) -> str:
    return Ledger(redis).events.record(ARRIVAL).event_id


def test_rq_reads_the_job_as_one_of_its_own(redis: Redis):
    event_id = record(redis)

    [job] = Queue(QUEUE, connection=redis, serializer=JSONSerializer).jobs

    assert (job.func_name, job.args, job.kwargs) == (WORK_EVENT, [event_id], {})
    assert (job.origin, job.timeout, job.result_ttl) == (QUEUE, JOB_TIMEOUT_SECONDS, 0)
    assert job.get_status() == "queued"


def test_the_job_has_the_fields_rq_writes_itself(redis: Redis):
    event_id = record(redis)
    ours = set(redis.hgetall(f"rq:job:{event_id}-1"))
    queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
    theirs = set(redis.hgetall(queue.enqueue(WORK_EVENT, event_id, result_ttl=0, failure_ttl=86400).key))

    assert theirs - ours == set()


def test_rqs_worker_runs_the_job_and_leaves_nothing(redis: Redis, monkeypatch):
    worked = []
    monkeypatch.setattr("worker.jobs.work_event", worked.append)
    event_id = record(redis)

    SimpleWorker([QUEUE], connection=redis, serializer=JSONSerializer).work(burst=True)

    assert worked == [event_id]
    assert not Job.exists(f"{event_id}-1", redis)

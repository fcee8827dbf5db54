"""RQ's worker with threads: many jobs at once, none lost, and RQ's own tools tell the truth about it."""

import threading
from contextlib import contextmanager, suppress

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from rq import Queue, SimpleWorker
from rq import Worker as RqWorker
from rq.registry import FailedJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer
from rq.suspension import resume, suspend

import worker.jobs
from ledger.handoff import JOB_TIMEOUT_SECONDS, QUEUE
from tests.e2e.conftest import until
from worker.thread_worker import ThreadWorker

JOB = "worker.jobs.work_event"


class Gate:
    """Jobs come in and stay until they are let go."""

    def __init__(self):
        self.inside, self.done = [], []
        self.is_open = threading.Event()

    def __call__(self, event_id):
        self.inside.append(event_id)
        self.is_open.wait(20)
        self.inside.remove(event_id)
        self.done.append(event_id)


@pytest.fixture
def gate(monkeypatch):
    gate = Gate()
    monkeypatch.setattr(worker.jobs, "work_event", gate)
    yield gate
    gate.is_open.set()


@pytest.fixture
def queue(redis):
    return Queue(QUEUE, connection=redis, serializer=JSONSerializer)


def give(queue, count):
    return [queue.enqueue(JOB, f"ev_{number}", result_ttl=0, failure_ttl=60).id for number in range(count)]


@contextmanager
def working(redis, places, **settings):
    """A worker in a thread, asked to stop at the end; gives it, its `stop` and its thread."""
    stop = threading.Event()
    threads = ThreadWorker(stop, places, connection=redis)
    thread = threading.Thread(target=threads.work, kwargs={"logging_level": "WARNING", **settings})
    thread.start()
    try:
        yield threads, stop, thread
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def test_as_many_jobs_run_at_once_as_there_are_places_and_no_more(redis, queue, gate):
    ids = give(queue, 5)

    with working(redis, threading.Semaphore(3)):
        until(lambda: len(gate.inside) == 3, "three are inside")
        assert queue.job_ids == ids[3:]
        gate.is_open.set()
        until(lambda: len(gate.done) == 5, "all are done")

    assert (queue.job_ids, FailedJobRegistry(queue=queue).get_job_ids()) == ([], [])


def test_jobs_that_hang_keep_no_other_waiting(redis, queue, monkeypatch):
    hangs, done = threading.Event(), []

    def work(event_id):
        if event_id != "ev_3":
            hangs.wait(20)
        done.append(event_id)

    monkeypatch.setattr("worker.thread_worker.LONG_SECONDS", 0.1)
    monkeypatch.setattr(worker.jobs, "work_event", work)
    places = threading.Semaphore(1)
    give(queue, 4)

    with working(redis, places):
        until(lambda: done == ["ev_3"], "the last, which does not hang, is done")
        hangs.set()
        until(lambda: len(done) == 4, "all are done")

    assert places.acquire(timeout=5), "the place is lost"
    assert not places.acquire(blocking=False), "there are more places than before"


def test_no_more_jobs_than_so_many_run_beyond_the_places(redis, queue, gate, monkeypatch):
    monkeypatch.setattr("worker.thread_worker.LONG_SECONDS", 0.1)
    monkeypatch.setattr("worker.thread_worker.MOST_LONG", 2)
    ids = give(queue, 5)

    with working(redis, threading.Semaphore(1)) as (threads, *_):
        until(lambda: len(gate.inside) == 3, "one has a place, two had one")
        threads._free_places()
        assert queue.job_ids == ids[3:]
        gate.is_open.set()
        until(lambda: len(gate.done) == 5, "all are done")


def test_rqs_own_tools_see_one_worker_its_state_and_what_it_runs(redis, queue, gate):
    ids = give(queue, 3)

    with working(redis, threading.Semaphore(2)):
        until(lambda: len(gate.inside) == 2, "two are inside")
        [told] = RqWorker.all(connection=redis)
        assert told.get_state() == "busy"
        assert sorted(each.job_id for each in told.get_current_executions()) == sorted(ids[:2])
        assert sorted(StartedJobRegistry(queue=queue).get_job_ids()) == sorted(ids[:2])
        assert told.queue_names() == [QUEUE]
        gate.is_open.set()
        until(lambda: len(gate.done) == 3, "all are done")
        until(lambda: RqWorker.all(connection=redis)[0].get_state() == "idle", "the worker is idle")
        [told] = RqWorker.all(connection=redis)
        assert (told.successful_job_count, told.failed_job_count, told.current_execution_count) == (3, 0, 0)
        assert redis.keys("rq:job:*") == []

    assert RqWorker.all(connection=redis) == []


def written(redis, worker):
    """What Redis holds of a worker's one job, its names and numbers left out, and for how many seconds about."""
    [member] = redis.smembers(worker.executions_key)
    job_id, execution_id = member.decode().split(":")
    names = {execution_id: "EXECUTION", job_id: "JOB", worker.name: "WORKER"}

    def told(value):
        for name, word in names.items():
            value = value.replace(name, word)
        return value

    held = {}
    for key in sorted(key.decode() for key in redis.keys("rq:*")):
        read = {b"hash": redis.hkeys, b"zset": lambda key: redis.zrange(key, 0, -1), b"set": redis.smembers}
        if key.split(":")[1] in ("job", "execution", "executions", "wip") or key.endswith(":executions"):
            members = sorted(told(member.decode()) for member in read[redis.type(key)](key))
            held[told(key)] = (members, round(redis.ttl(key), -1))
    return held


def test_what_is_written_of_a_job_that_runs_is_what_rq_writes_itself(redis, queue, gate):
    give(queue, 1)
    own = SimpleWorker([QUEUE], connection=redis, serializer=JSONSerializer)
    job, _ = own.dequeue_job_and_maintain_ttl(None)
    job.timeout = JOB_TIMEOUT_SECONDS
    own.prepare_execution(job)
    own.prepare_job_execution(job, remove_from_intermediate_queue=True)
    rqs = written(redis, own)
    assert len(rqs) == 5
    redis.flushdb()

    give(queue, 1)
    with working(redis, threading.Semaphore(1)) as (ours, *_):
        until(lambda: gate.inside, "one is inside")
        assert written(redis, ours) == rqs
        assert redis.llen(queue.intermediate_queue_key) == 0
        gate.is_open.set()
        until(lambda: not redis.keys("rq:job:*"), "it is done")
        until(lambda: RqWorker.all(connection=redis)[0].get_state() == "idle", "the worker is idle")
        assert [key for key in redis.keys("rq:*") if b"execution" in key or b"wip" in key] == []


def test_a_job_that_is_gone_when_its_turn_comes_frees_its_place(redis, queue, gate):
    gone, _ = give(queue, 2)
    redis.delete(f"rq:job:{gone}")
    gate.is_open.set()

    with working(redis, threading.Semaphore(1)):
        until(lambda: gate.done == ["ev_1"], "the other is done")

    assert redis.llen(queue.intermediate_queue_key) == 0


def test_a_job_that_fails_is_told_as_failed_and_its_place_is_free_again(redis, queue, monkeypatch, caplog):
    def fail(event_id):
        raise ValueError(event_id)

    monkeypatch.setattr(worker.jobs, "work_event", fail)
    ids = give(queue, 3)

    with working(redis, threading.Semaphore(1)):
        until(lambda: len(FailedJobRegistry(queue=queue)) == 3, "all have failed")
        until(lambda: RqWorker.all(connection=redis)[0].get_state() == "idle", "the worker is idle")

    assert sorted(FailedJobRegistry(queue=queue).get_job_ids()) == sorted(ids)


def test_an_idle_worker_ends_soon_after_it_is_asked_to(redis, gate):
    with working(redis, threading.Semaphore(1)) as (_, stop, thread):
        until(lambda: RqWorker.all(connection=redis), "the worker is there")
        stop.set()
        thread.join(5)
        assert not thread.is_alive()


def test_a_worker_that_waits_for_a_place_ends_and_leaves_the_queue_as_it_is(redis, queue, gate):
    none_is_free = threading.Semaphore(0)
    ids = give(queue, 1)

    with working(redis, none_is_free) as (_, stop, thread):
        until(lambda: RqWorker.all(connection=redis), "the worker is there")
        stop.set()
        thread.join(5)
        assert not thread.is_alive()

    assert queue.job_ids == ids


def test_asked_to_stop_it_pops_no_more_but_finishes_what_it_has(redis, queue, gate):
    ids = give(queue, 3)

    with working(redis, threading.Semaphore(1)) as (_, stop, thread):
        until(lambda: gate.inside, "one is inside")
        stop.set()
        gate.is_open.set()
        thread.join(10)
        assert not thread.is_alive()

    assert gate.done == ["ev_0"]
    assert queue.job_ids == ids[1:]


def test_a_job_that_hangs_does_not_keep_the_worker_from_ending(redis, queue, gate, monkeypatch):
    monkeypatch.setattr("worker.thread_worker.GRACE_SECONDS", 0.1)
    give(queue, 1)

    with working(redis, threading.Semaphore(1)) as (_, stop, thread):
        until(lambda: gate.inside, "one is inside")
        stop.set()
        thread.join(5)
        assert not thread.is_alive()
        assert gate.inside == ["ev_0"]


def test_in_a_burst_it_ends_when_the_queue_is_empty_and_its_jobs_are_done(redis, queue, gate):
    give(queue, 3)
    gate.is_open.set()

    ThreadWorker(threading.Event(), threading.Semaphore(2), connection=redis).work(burst=True, logging_level="WARNING")

    assert sorted(gate.done) == ["ev_0", "ev_1", "ev_2"]


def test_suspended_with_rqs_tool_it_pops_nothing_until_it_is_resumed(redis, queue, gate):
    suspend(redis)
    gate.is_open.set()
    give(queue, 1)

    with working(redis, threading.Semaphore(1)):
        until(lambda: [each.get_state() for each in RqWorker.all(connection=redis)] == ["suspended"], "it is suspended")
        assert gate.done == []
        resume(redis)
        until(lambda: gate.done, "the job is done")


def test_what_waits_while_all_places_are_taken_is_done_when_one_is_free_by_as_few_threads(redis, queue, gate):
    give(queue, 20)

    with working(redis, threading.Semaphore(2)) as (ours, *_):
        until(lambda: len(gate.inside) == 2, "two are inside")
        gate.is_open.set()
        until(lambda: len(gate.done) == 20, "all are done")
        until(lambda: RqWorker.all(connection=redis)[0].get_state() == "idle", "the worker is idle")
        [told] = RqWorker.all(connection=redis)
        assert (told.successful_job_count, told.current_execution_count) == (20, 0)
        assert len([thread for thread in threading.enumerate() if thread.name == f"job of {ours.name}"]) == 2


def test_a_thread_takes_no_next_job_while_rq_is_suspended(redis, queue, gate):
    give(queue, 1)
    worker = ThreadWorker(threading.Event(), threading.Semaphore(1), connection=redis)

    suspend(redis)
    assert worker._begin() is None
    resume(redis)

    assert worker._begin() is not None


def test_it_goes_on_telling_rq_that_it_lives_while_all_places_are_taken(redis, queue, gate, monkeypatch):
    monkeypatch.setattr("worker.thread_worker.HEARTBEAT_SECONDS", 0.0)
    give(queue, 1)

    with working(redis, threading.Semaphore(1)) as (threads, *_):
        until(lambda: gate.inside, "one is inside")
        seen = RqWorker.all(connection=redis)[0].last_heartbeat
        until(lambda: RqWorker.all(connection=redis)[0].last_heartbeat > seen, "it tells so again")
        assert redis.ttl(threads.key) > 60


@pytest.mark.parametrize("step", ["_begin", "get_redis_server_version", "set_state"])
def test_a_worker_that_loses_redis_around_a_job_keeps_its_places(redis, queue, gate, monkeypatch, step):
    def lose_redis(*_, **__):
        raise RedisConnectionError

    gate.is_open.set()
    places, stop = threading.Semaphore(1), threading.Event()
    give(queue, 1)
    with monkeypatch.context() as broken:
        broken.setattr(ThreadWorker, step, lose_redis)
        broken.setattr("rq.worker.base.time.sleep", lambda _: stop.set())  # RQ waits for Redis to come back
        with suppress(RedisConnectionError):
            ThreadWorker(stop, places, connection=redis).work(burst=True, logging_level="CRITICAL")

    assert places.acquire(timeout=5), "the place is lost"
    places.release()
    give(queue, 1)
    ThreadWorker(threading.Event(), places, connection=redis).work(burst=True, logging_level="WARNING")

    assert gate.done[-1:] == ["ev_0"]


def test_a_job_that_lost_redis_frees_its_place(redis, queue, gate, monkeypatch):
    def lose_redis(*_):
        raise RedisConnectionError

    monkeypatch.setattr(ThreadWorker, "perform_job", lose_redis)
    places = threading.Semaphore(1)
    give(queue, 3)

    with working(redis, places):
        until(lambda: not queue.job_ids, "each has had the one place")

"""RQ's worker with many jobs at once: each in a thread of its own, all under one registration.

RQ's own classes run one job at a time, most in a fork. What they assume of that is put right here: signals are left to
the process; a time limit by signal would reach only the main thread, so there is none (every call out has its own); a
remote shutdown would interrupt everything, so remote commands are not heard; an idle worker ends within a second of
being asked; and its state is idle only when no job runs. A thread that is done with a job takes the next by itself, and
what RQ writes as one ends and another begins is one step (ledger/step_job.lua). All else is RQ's, as are its keys, so
that `rq info` and other tools show what is true. It listens on exactly one queue, since only then RQ pops without
losing a job on a crash.
"""

import threading
import time
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any
from uuid import uuid4

import structlog
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.utils import now
from rq.worker import WorkerStatus

from ledger.handoff import JOB_TIMEOUT_SECONDS, QUEUE
from ledger.records import moment
from ledger.scripts import load

PAUSE_SECONDS = 1.0
GRACE_SECONDS = 8.0
HEARTBEAT_SECONDS = 5.0
POLL_SECONDS = 0.02
LOOK_SECONDS = 0.2
# A job that takes longer waits for somebody: as a rule for Zoho, which may hang for one organization alone. Its place
# then goes to another, so that jobs that hang keep none waiting, as long as no more than so many do.
LONG_SECONDS = 2.0
MOST_LONG = 256
# For so long after its time limit RQ takes a job for one that runs.
LONGER_SECONDS = 60
# RQ waits for a job for this long less 15 seconds, and looks in between whether it should stop.
WORKER_TTL_SECONDS = 16
log = structlog.get_logger()


class NoDeathPenalty(BaseDeathPenalty):
    """No time limit by RQ."""

    def setup_death_penalty(self) -> None:
        """Sets nothing up."""

    def cancel_death_penalty(self) -> None:
        """Has nothing to cancel."""


@dataclass
class _Popped:
    """A job of which no more is known than its id."""

    id: str
    description: str = ""
    redis_server_version: tuple[int, ...] | None = None


class _PoppedByName(Queue):
    """A queue whose jobs are popped without being read: the thread that runs one reads it as it begins."""

    @classmethod
    def dequeue_any(cls, queues: Any, timeout: int | None, connection: Any, *_: Any, **__: Any) -> Any:
        """The next of the one queue, once RQ has put it among those that were popped; raises DequeueTimeout as RQ."""
        [queue] = queues
        popped = cls.lmove(connection, queue.key, timeout)
        return popped and (_Popped(popped[1].decode()), queue)


@dataclass(frozen=True, slots=True)
class _Run:
    """A job that has begun."""

    job: Job
    execution: Execution


class ThreadWorker(SimpleWorker):
    """Runs jobs in threads, one for each free of the `places`; pops none once `stop` is set.

    A job that takes long gives up its place where another needs one.
    The places may be shared with workers before and after it. `work` returns when its jobs have ended, or
    GRACE_SECONDS after the stop.
    """

    death_penalty_class = NoDeathPenalty
    queue_class = _PoppedByName
    max_connection_wait_time = PAUSE_SECONDS

    def __init__(self, stop: threading.Event, places: threading.Semaphore, **settings: Any) -> None:
        self._stop = stop
        self._places = places
        self._given: SimpleQueue[str | None] = SimpleQueue()
        self._resting = threading.Semaphore(0)  # threads that wait for a job
        self._threads = 0
        # The job by which each thread that works came to it, and since when (monotonic) its job now runs.
        self._at_work: dict[str, float] = {}
        self._without_place: set[str] = set()  # those of them that gave theirs up
        self._exchange = threading.Lock()
        self._is_ending = False
        self._holds_job = False
        self._beaten_at = 0.0
        self._suspension_asked_at = 0.0
        super().__init__([QUEUE], serializer=JSONSerializer, worker_ttl=WORKER_TTL_SECONDS, **settings)
        self._step = load(self.connection, "step_job")

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:
        """As RQ's, once there is a place for the job."""
        while not self._places.acquire(timeout=LOOK_SECONDS):
            self._free_places()
            self.heartbeat()
            if self.should_run_maintenance_tasks:
                self.run_maintenance_tasks()  # type: ignore[no-untyped-call]
        popped = None
        try:
            popped = super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
        finally:
            if popped is None:
                self._give_up_place()
        return popped

    def reorder_queues(self, reference_queue: Any) -> None:
        """Called by RQ as soon as it has popped a job, which must then be worked on, whatever is asked meanwhile."""
        self._holds_job = True
        super().reorder_queues(reference_queue)

    def execute_job(self, job: Any, queue: Any) -> None:
        """Has a thread begin on the job; the next may be popped at once."""
        try:
            if not self._resting.acquire(blocking=False):
                self._start_thread()
        except RuntimeError:  # there can be no more; the ledger misses the job, and gives its event to another worker
            self._give_up_place()
            raise
        self._at_work[job.id] = time.monotonic()
        self._given.put(job.id)
        self._holds_job = False

    def _start_thread(self) -> None:
        # A thread that hangs in a call must not keep the process from ending.
        threading.Thread(target=self._run_jobs, name=f"job of {self.name}", daemon=True).start()
        self._threads += 1

    def _run_jobs(self) -> None:
        while (job_id := self._given.get()) is not None:
            try:
                self._run_from(job_id)
            except RedisError as error:  # the ledger gives the event to another worker
                log.warning("redis_away", reason=type(error).__name__)
            finally:
                self._end_of(job_id)
            self._resting.release()

    def _run_from(self, job_id: str) -> None:
        """Runs a job that was popped, and then the next, as long as there is one, a place, and nobody wants to stop."""
        run = self._begin(popped=job_id)
        while run is not None:
            self._at_work[job_id] = time.monotonic()
            went_well = self.perform_job(run.job, self.queues[0], run.execution)
            run = self._begin(over=run if went_well else None, may_go_on=job_id not in self._without_place)

    def _free_places(self) -> None:
        """Takes their places from jobs that take long."""
        long_ago = time.monotonic() - LONG_SECONDS
        with self._exchange:
            for job_id, since in list(self._at_work.items()):
                is_long = since < long_ago and job_id not in self._without_place
                if is_long and len(self._without_place) < MOST_LONG:
                    self._without_place.add(job_id)
                    self._places.release()

    def _end_of(self, job_id: str) -> None:
        with self._exchange:
            self._at_work.pop(job_id, None)
            if job_id in self._without_place:
                self._without_place.remove(job_id)
            else:
                self._places.release()

    def _begin(self, *, popped: str = "", over: _Run | None = None, may_go_on: bool = True) -> _Run | None:
        """Tells RQ that a job is over and that another runs: the popped one or the next; None when there is none."""
        may_pop = may_go_on and not (popped or self._stop.is_set() or self._is_ending)
        execution = Execution(uuid4().hex, popped, self.connection, self.name)
        at = execution.created_at.timestamp()
        args = [QUEUE, self.name, at, moment(at), JOB_TIMEOUT_SECONDS + LONGER_SECONDS]
        begun = self._step(args=[*args, execution.id, popped, 1 if may_pop else "", *_ended(over)])
        if begun is None:
            return None
        execution.job_id, flat = begun[0].decode(), begun[1]
        job = Job(execution.job_id, connection=self.connection)
        job.serializer = self.serializer  # not given above: RQ would find out at length whether it is one
        job.restore(dict(zip(flat[::2], flat[1::2], strict=True)))
        return _Run(job, execution)

    def _give_up_place(self) -> None:
        self._holds_job = False
        self._places.release()

    def prepare_job_execution(self, job: Any, remove_from_intermediate_queue: bool = False) -> None:
        """Has been done as the job began."""

    def set_state(self, state: str, pipeline: Any = None) -> None:
        """As RQ's; idle only when no job runs."""
        if state != WorkerStatus.IDLE or not self._at_work:
            super().set_state(state, pipeline)

    def check_for_suspension(self, burst: bool) -> None:
        """As RQ's, asked once a second: `rq suspend` holds a second later."""
        if time.monotonic() - self._suspension_asked_at > PAUSE_SECONDS:
            self._suspension_asked_at = time.monotonic()
            super().check_for_suspension(burst)

    def handle_execution_ended(self, job: Any, queue: Any, heartbeat_ttl: int) -> None:
        """As RQ's, but that the job lives is not told once more: it is about to be deleted, or told as failed."""
        job.ended_at = now()

    def handle_job_success(self, job: Any, queue: Any, started_job_registry: Any, execution: Any) -> None:
        """Is done as the next begins."""

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Tells RQ now and then that this worker lives, and stops it here, between jobs, when asked to."""
        if self._stop.is_set() and pipeline is None and not self._holds_job:
            raise StopRequested
        if time.monotonic() - self._beaten_at > HEARTBEAT_SECONDS:
            self._beaten_at = time.monotonic()
            super().heartbeat(pipeline=pipeline)

    def teardown(self) -> None:
        """Waits for the jobs that run, after a stop not for ever; then RQ is told that the worker is gone."""
        self._is_ending = True
        while self._at_work and not self._stop.wait(POLL_SECONDS):
            pass
        deadline = time.monotonic() + GRACE_SECONDS
        while self._at_work and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        for _ in range(self._threads):
            self._given.put(None)
        super().teardown()  # type: ignore[no-untyped-call]

    def _install_signal_handlers(self) -> None:
        """Leaves signals to the process."""

    def subscribe(self) -> None:
        """Takes no remote commands."""

    def unsubscribe(self) -> None:
        """Has nothing to undo."""


def _ended(run: _Run | None) -> tuple[str, str, float | str]:
    """What the step is told of a job that is over: its id, its execution and the seconds it took."""
    if run is None or run.job.ended_at is None or run.job.started_at is None:
        return "", "", ""
    return run.job.id, run.execution.id, (run.job.ended_at - run.job.started_at).total_seconds()

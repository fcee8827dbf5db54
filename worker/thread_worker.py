"""RQ's worker with many jobs at once: each in a thread of its own, all under one registration.

RQ's own classes run one job at a time, most in a fork. What they assume of that is put right here: signals are left to
the process; a time limit by signal would reach only the main thread, so there is none (every call out has its own); a
remote shutdown would interrupt everything, so remote commands are not heard; an idle worker ends within a second of
being asked; and its state is idle only when no job runs. All else is RQ's, as are its keys, so that `rq info` and other
tools show what is true. It listens on exactly one queue, since only then RQ pops without losing a job on a crash.
"""

import threading
import time
from typing import Any

import structlog
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.utils import now
from rq.worker import WorkerStatus

from ledger.handoff import QUEUE

PAUSE_SECONDS = 1.0
GRACE_SECONDS = 8.0
HEARTBEAT_SECONDS = 5.0
POLL_SECONDS = 0.02
# RQ waits for a job for this long less 15 seconds, and looks in between whether it should stop.
WORKER_TTL_SECONDS = 16
log = structlog.get_logger()


class NoDeathPenalty(BaseDeathPenalty):
    """No time limit by RQ."""

    def setup_death_penalty(self) -> None:
        """Sets nothing up."""

    def cancel_death_penalty(self) -> None:
        """Has nothing to cancel."""


class ThreadWorker(SimpleWorker):
    """Runs jobs in threads, one for each free of the `places`; pops none once `stop` is set.

    The places may be shared with workers before and after it. `work` returns when its jobs have ended, or
    GRACE_SECONDS after the stop.
    """

    death_penalty_class = NoDeathPenalty
    max_connection_wait_time = PAUSE_SECONDS

    def __init__(self, stop: threading.Event, places: threading.Semaphore, **settings: Any) -> None:
        self._stop = stop
        self._places = places
        self._threads: set[threading.Thread] = set()
        self._state_changes = threading.RLock()
        self._holds_job = False
        self._beaten_at = 0.0
        self._suspension_asked_at = 0.0
        super().__init__([QUEUE], serializer=JSONSerializer, worker_ttl=WORKER_TTL_SECONDS, **settings)

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:
        """As RQ's, once there is a place for the job."""
        while not self._places.acquire(timeout=PAUSE_SECONDS):
            self.heartbeat()
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
        """Starts on the job; the next may be popped at once."""
        # A thread that hangs in a call must not keep the process from ending.
        thread = threading.Thread(target=self._run, args=(job, queue), name=job.id, daemon=True)
        self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError:  # there can be no more; the ledger misses the job, and gives its event to another worker
            self._threads.discard(thread)
            self._give_up_place()
            raise
        self._holds_job = False

    def _run(self, job: Any, queue: Any) -> None:
        try:
            self.perform_job(job, queue, self.prepare_execution(job))
            self.set_state(WorkerStatus.IDLE)
        except RedisError as error:  # the ledger gives the event to another worker
            log.warning("redis_away", reason=type(error).__name__)
        finally:
            self._threads.discard(threading.current_thread())
            self._places.release()

    def _give_up_place(self) -> None:
        self._holds_job = False
        self._places.release()

    def prepare_execution(self, job: Any) -> Any:
        """As RQ's, which makes the worker's state busy."""
        with self._state_changes:
            return super().prepare_execution(job)

    def set_state(self, state: str, pipeline: Any = None) -> None:
        """As RQ's; idle only when no job runs."""
        with self._state_changes:
            if state != WorkerStatus.IDLE or not self.executions:
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
        """As RQ's for a job that leaves no result and on which nothing depends, as all of this queue (handoff.py)."""
        with self.connection.pipeline() as pipeline:
            self.increment_successful_job_count(pipeline=pipeline)
            self.increment_total_working_time(job.ended_at - job.started_at, pipeline)
            self.cleanup_execution(job, pipeline=pipeline, execution=execution)
            pipeline.delete(job.key)
            pipeline.execute()

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Tells RQ now and then that this worker lives, and stops it here, between jobs, when asked to."""
        if self._stop.is_set() and pipeline is None and not self._holds_job:
            raise StopRequested
        if time.monotonic() - self._beaten_at > HEARTBEAT_SECONDS:
            self._beaten_at = time.monotonic()
            super().heartbeat(pipeline=pipeline)

    def teardown(self) -> None:
        """Waits for the jobs that run, after a stop not for ever; then RQ is told that the worker is gone."""
        while self._threads and not self._stop.wait(POLL_SECONDS):
            pass
        deadline = time.monotonic() + GRACE_SECONDS
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))
        super().teardown()  # type: ignore[no-untyped-call]

    def _install_signal_handlers(self) -> None:
        """Leaves signals to the process."""

    def subscribe(self) -> None:
        """Takes no remote commands."""

    def unsubscribe(self) -> None:
        """Has nothing to undo."""

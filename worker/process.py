"""A worker process: threads that run RQ's worker, and one that keeps leases alive and wakes what is due.

Each thread is an RQ worker on exactly one queue, since only then RQ pops without losing a job on a crash. The work
itself is guarded by the ledger, so RQ's time limit, its remote commands and its signal handlers are not used.
"""

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty

from config.sentinel import follow_master
from ledger import RENEW_SECONDS
from ledger.handoff import QUEUE
from worker.desk import Desk
from worker.dispatch import dispatch
from worker.jobs import sit_down_at

TICK_SECONDS = 0.1
TICKS_TO_WAKE = 10
TICKS_TO_RENEW = int(RENEW_SECONDS / TICK_SECONDS)
PAUSE_SECONDS = 1.0
GRACE_SECONDS = 8.0
# RQ waits for a job for this long less 15 seconds, and looks in between whether it should stop.
WORKER_TTL_SECONDS = 16
log = structlog.get_logger()


class NoDeathPenalty(BaseDeathPenalty):
    """No time limit by RQ: every call out has its own, and a signal reaches only the main thread."""

    def setup_death_penalty(self) -> None:
        """Sets nothing up."""

    def cancel_death_penalty(self) -> None:
        """Has nothing to cancel."""


class ThreadWorker(SimpleWorker):
    """RQ's worker for one thread; ends between two jobs once `stop` is set."""

    death_penalty_class = NoDeathPenalty
    max_connection_wait_time = PAUSE_SECONDS

    def __init__(self, stop: threading.Event, **settings: Any) -> None:
        self._stop = stop
        self._holds_job = False
        super().__init__([QUEUE], serializer=JSONSerializer, worker_ttl=WORKER_TTL_SECONDS, **settings)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Tells RQ this worker lives, and stops it here, between jobs, when asked to."""
        if self._stop.is_set() and pipeline is None and not self._holds_job:
            raise StopRequested
        super().heartbeat(timeout, pipeline)

    def reorder_queues(self, reference_queue: Any) -> None:
        """Called by RQ as soon as it has popped a job, which must then be worked on, whatever is asked meanwhile."""
        self._holds_job = True
        super().reorder_queues(reference_queue)

    def execute_job(self, job: Any, queue: Any) -> None:
        """Works on the job; from then on the worker may be stopped."""
        try:
            super().execute_job(job, queue)
        finally:
            self._holds_job = False

    def _install_signal_handlers(self) -> None:
        """Leaves signals to the process."""

    def subscribe(self) -> None:
        """Takes no remote commands: a remote shutdown would interrupt every thread."""

    def unsubscribe(self) -> None:
        """Has nothing to undo."""


def run_worker(desk: Desk, connect: Callable[[], Redis], *, threads: int, burst: bool) -> None:
    """Works until SIGTERM or SIGINT, or with `burst` until nothing is ready.

    When asked to stop it finishes what it can within GRACE_SECONDS and hands back the rest. Raises what ended the
    housekeeping, if that was not a stop: without it nobody renews the leases.
    """
    stop = threading.Event()
    _stop_on_signals(stop)
    sit_down_at(desk)
    house = House(desk, stop)
    workers = [
        # A thread that hangs in a call must not keep the process from ending.
        threading.Thread(target=_supervise, args=(desk, connect, stop, burst), name=f"worker-{number}", daemon=True)
        for number in range(1, threads + 1)
    ]
    for thread in (house, *workers):
        thread.start()
    _join(workers, stop)
    _hand_back(desk)
    house.close()


def _join(workers: list[threading.Thread], stop: threading.Event) -> None:
    """Waits for the workers; after a wish to stop, not longer than GRACE_SECONDS."""
    while not stop.wait(TICK_SECONDS):
        if not any(thread.is_alive() for thread in workers):
            return
    deadline = time.monotonic() + GRACE_SECONDS
    for thread in workers:
        thread.join(max(0.0, deadline - time.monotonic()))


def _hand_back(desk: Desk) -> None:
    """Gives back what is not finished; whoever takes it over looks before it posts."""
    events, documents = desk.ledger.leases.held()
    try:
        for event_id, lease in events.items():
            log.warning("handed_back", event_id=event_id)
            desk.ledger.events.hand_back(event_id, lease)
        for business_key, lease in documents.items():
            desk.ledger.documents.release(business_key, lease)
    except RedisError as error:
        log.warning("redis_away", reason=type(error).__name__)


def _stop_on_signals(stop: threading.Event) -> None:
    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)


def _supervise(desk: Desk, connect: Callable[[], Redis], stop: threading.Event, burst: bool) -> None:
    """Runs RQ's worker, and runs it again when Redis went away, or while a burst has something left."""
    while not stop.is_set():
        try:
            ThreadWorker(stop, connection=connect()).work(burst=burst, logging_level="WARNING")
            if burst and not is_anything_ready(desk):
                return
        except RedisError as error:
            log.warning("redis_away", reason=type(error).__name__)
        stop.wait(TICK_SECONDS if burst else PAUSE_SECONDS)


def is_anything_ready(desk: Desk) -> bool:
    """Whether something can be worked on now, by this process or another; hands RQ what may go."""
    desk.ledger.events.wake()
    dispatch(desk)
    return desk.ledger.dispatch.is_anything_handed() or desk.ledger.events.is_any_back_soon()


class House(threading.Thread):
    """Renews the leases, wakes what is due and gives the organizations their turns, until closed."""

    def __init__(self, desk: Desk, stop: threading.Event) -> None:
        super().__init__(name="house", daemon=True)
        self._desk = desk
        self._stop_workers = stop
        self._closed = threading.Event()
        self._failure: Exception | None = None

    def run(self) -> None:
        """Ticks; anything unexpected is reported and stops the workers, so that a supervisor starts them anew."""
        ledger = self._desk.ledger
        chores = (
            (TICKS_TO_WAKE, lambda: follow_master(ledger.redis)),
            (TICKS_TO_WAKE, ledger.incarnation.observe),
            (TICKS_TO_RENEW, ledger.leases.renew),
            (TICKS_TO_WAKE, ledger.events.wake),
            (1, self._dispatch),
        )
        ticks = 0
        try:
            while not self._closed.wait(TICK_SECONDS):
                for every, chore in chores:
                    if ticks % every == 0:
                        self._do(chore)
                ticks += 1
        except Exception as error:
            self._desk.report(error)
            self._failure = error
            self._stop_workers.set()

    def close(self) -> None:
        """Ends the thread; raises what ended it before."""
        self._closed.set()
        self.join()
        if self._failure is not None:
            raise self._failure

    def _dispatch(self) -> None:
        dispatch(self._desk)

    def _do(self, chore: Callable[[], object]) -> None:
        try:
            chore()
        except RedisError as error:
            log.warning("redis_away", reason=type(error).__name__)
            self._desk.revive_redis()
            self._closed.wait(PAUSE_SECONDS)

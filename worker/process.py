"""A worker process: threads that run RQ's worker, and one that keeps leases alive and wakes what is due.

Each thread is an RQ worker on exactly one queue, since only then RQ pops without losing a job on a crash. The work
itself is guarded by the ledger, so RQ's time limit, its remote commands and its signal handlers are not used.
"""

import signal
import threading
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

from errors import Busy
from ledger import RENEW_SECONDS
from ledger.handoff import QUEUE
from worker.desk import Desk
from worker.jobs import sit_down_at

WAKE_SECONDS = 1.0
PAUSE_SECONDS = 1.0
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

    def __init__(self, stop: threading.Event, **settings: Any) -> None:
        self._stop = stop
        super().__init__([QUEUE], serializer=JSONSerializer, worker_ttl=WORKER_TTL_SECONDS, **settings)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Tells RQ this worker lives, and stops it here, between jobs, when asked to."""
        if self._stop.is_set() and pipeline is None:
            raise StopRequested
        super().heartbeat(timeout, pipeline)

    def _install_signal_handlers(self) -> None:
        """Leaves signals to the process."""

    def subscribe(self) -> None:
        """Takes no remote commands: a remote shutdown would interrupt every thread."""

    def unsubscribe(self) -> None:
        """Has nothing to undo."""


def run_worker(desk: Desk, connect: Callable[[], Redis], *, threads: int, burst: bool) -> None:
    """Works until SIGTERM or SIGINT, or with `burst` until nothing is ready; finishes what it has begun."""
    stop, done = threading.Event(), threading.Event()
    _stop_on_signals(stop)
    sit_down_at(desk)
    if burst:
        desk.ledger.events.wake()
    housekeeper = threading.Thread(target=_keep_house, args=(desk, done), name="housekeeper")
    workers = [
        threading.Thread(target=_supervise, args=(desk, connect, stop, burst), name=f"worker-{number}")
        for number in range(1, threads + 1)
    ]
    for thread in (housekeeper, *workers):
        thread.start()
    for thread in workers:
        thread.join()
    done.set()
    housekeeper.join()


def _stop_on_signals(stop: threading.Event) -> None:
    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)


def _supervise(desk: Desk, connect: Callable[[], Redis], stop: threading.Event, burst: bool) -> None:
    """Runs RQ's worker, and runs it again when Redis went away, or when others of a burst only got in the way."""
    while not stop.is_set():
        try:
            ThreadWorker(stop, connection=connect()).work(burst=burst, logging_level="WARNING")
            if burst and not desk.ledger.events.is_any_waiting(Busy.code):
                return
        except RedisError as error:
            log.warning("redis_away", reason=type(error).__name__)
        stop.wait(PAUSE_SECONDS)


def _keep_house(desk: Desk, done: threading.Event) -> None:
    """Wakes what is due every second and renews leases, until the workers have stopped."""
    ticks = 0
    while not done.wait(WAKE_SECONDS):
        ticks += 1
        try:
            desk.ledger.events.wake()
            if ticks % int(RENEW_SECONDS / WAKE_SECONDS) == 0:
                desk.ledger.leases.renew()
        except RedisError as error:
            log.warning("redis_away", reason=type(error).__name__)

"""A worker process: RQ's worker with its threads, and one that keeps leases alive and wakes what is due."""

import signal
import threading
from collections.abc import Callable
from types import FrameType

import structlog
from redis import Redis
from redis.exceptions import RedisError

from config.sentinel_client import follow_master
from ledger.leases import RENEW_SECONDS
from worker.desk import Desk
from worker.dispatch import dispatch
from worker.jobs import sit_down_at
from worker.pauses import notice_connected
from worker.thread_worker import GRACE_SECONDS, PAUSE_SECONDS, ThreadWorker

TICK_SECONDS = 0.1
TICKS_TO_WAKE = 10
TICKS_TO_RENEW = int(RENEW_SECONDS / TICK_SECONDS)
# Beyond what the jobs that run are given, for telling RQ that the worker is gone.
FAREWELL_SECONDS = 1.0
log = structlog.get_logger()


def run_worker(desk: Desk, connect: Callable[[], Redis], *, threads: int, burst: bool) -> None:
    """Works until SIGTERM or SIGINT, or with `burst` until nothing is ready.

    When asked to stop it finishes what it can within GRACE_SECONDS and hands back the rest. Raises what ended the
    housekeeping, if that was not a stop: without it nobody renews the leases.
    """
    stop = threading.Event()
    _stop_on_signals(stop)
    sit_down_at(desk)
    house = House(desk, stop)
    places = threading.Semaphore(threads)
    arguments = (desk, connect, stop, places, burst)
    # A job that hangs in a call must not keep the process from ending.
    worker = threading.Thread(target=_supervise, args=arguments, name="worker", daemon=True)
    for thread in (house, worker):
        thread.start()
    while worker.is_alive() and not stop.wait(TICK_SECONDS):
        pass
    worker.join(GRACE_SECONDS + FAREWELL_SECONDS)
    _hand_back(desk)
    house.close()


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


def _supervise(
    desk: Desk, connect: Callable[[], Redis], stop: threading.Event, places: threading.Semaphore, burst: bool
) -> None:
    """Runs RQ's worker, and runs it again when Redis went away, or while a burst has something left."""
    while not stop.is_set():
        try:
            ThreadWorker(stop, places, connection=connect()).work(burst=burst, logging_level="WARNING")
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
            (TICKS_TO_WAKE, lambda: notice_connected(self._desk)),
            (TICKS_TO_WAKE, ledger.events.wake),
            (1, ledger.archive.tidy),
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

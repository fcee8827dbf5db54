"""Where an arrival is recorded: in the ledger or, while Redis cannot, in the spool; and the way from there to here."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import structlog
from redis.exceptions import DataError, RedisError, ResponseError

from config.sentinel_client import follow_master
from errors import NotRecorded
from ingest.spool import Spool
from ledger.arrivals import Arrival, Recorded, new_event_id
from ledger.ledger import Ledger

OPEN_SECONDS = 1.0
SLOW_SECONDS = 0.01
TEND_SECONDS = 0.5
TROUBLE_SECONDS = 10.0
MOST_REFUSED_IN_A_ROW = 10
_KINDS_OF_REFUSAL = re.compile(r"(?:^|\s-)([A-Z]{2,})\b")
log = structlog.get_logger(__name__)
Outcome = Recorded | RedisError | OSError


class Breaker:
    """Keeps requests from waiting for a Redis that failed a moment ago; `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open_until = clock()
        self._held_open = False

    @property
    def is_open(self) -> bool:
        """Whether Redis is not to be asked now."""
        return self._held_open or self._clock() < self._open_until

    def trip(self) -> None:
        """Opens for a second."""
        self._open_until = self._clock() + OPEN_SECONDS

    def reset(self) -> None:
        """Closes."""
        self._open_until = self._clock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Stays open, if it is, while somebody tries Redis, however long that takes."""
        self._held_open = self.is_open
        try:
            yield
        finally:
            self._held_open = False


class Pace:
    """Whether Redis takes so long that requests should wait for it together; `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._usual = 0.0
        self._slow_until = clock()

    @property
    def is_slow(self) -> bool:
        """Whether it took long lately; after a second it is tried anew."""
        return self._clock() < self._slow_until

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Notes how long it takes; among others that wait, that says nothing."""
        began = self._clock()
        yield
        if began >= self._slow_until:
            self._usual += (self._clock() - began - self._usual) / 10
        if self._usual > SLOW_SECONDS:
            self._usual = 0.0
            self._slow_until = self._clock() + OPEN_SECONDS


class Intake:
    """Records every arrival once, whatever Redis does, and says so only when that is on disk or in Redis.

    `revive_redis` is called by the thread that drains, whenever it finds Redis away.
    """

    def __init__(
        self,
        ledger: Ledger,
        spool: Spool,
        *,
        breaker: Breaker | None = None,
        pace: Pace | None = None,
        revive_redis: Callable[[], None] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._spool = spool
        self._breaker = breaker or Breaker()
        self._pace = pace or Pace()
        self._revive_redis = revive_redis
        self._spooling = False
        self._refused_in_a_row = 0
        self._told_refused: set[str | None] = set()

    def record_all(self, arrivals: Sequence[Arrival]) -> list[Recorded | NotRecorded]:
        """Records each arrival under an id that stays, with one round trip to Redis for all of them.

        What the spool keeps is `queued` or `ignored`: whether it repeats another shows when it is drained, and its id
        then leads to the first event. NotRecorded stands for what neither Redis nor spool could record.
        """
        now = self._ledger.clock()
        named = [replace(arrival, event_id=new_event_id(now), received_at=now) for arrival in arrivals]
        ways = (self._in_spool, self._in_ledger) if self._breaker.is_open else (self._in_ledger, self._in_spool)
        found = ways[0](named)
        failed = [place for place, outcome in enumerate(found) if isinstance(outcome, Exception)]
        again = ways[1]([named[place] for place in failed]) if failed else []
        for place, outcome in zip(failed, again, strict=True):
            if isinstance(outcome, Exception):
                log.error(
                    "not_recorded",
                    connection=named[place].connection,
                    reasons=[_reason(found[place]), _reason(outcome)],
                )
            found[place] = outcome
        return [_told(arrival, outcome) for arrival, outcome in zip(named, found, strict=True)]

    def may_take_long(self) -> bool:
        """Whether recording may take longer now than others should be held up by it."""
        return self._breaker.is_open or self._pace.is_slow

    def is_redis_there(self) -> bool:
        """Whether Redis answers; no is said without asking where it did not a moment ago."""
        if self._breaker.is_open:
            return False
        try:
            self._ledger.redis.ping()
        except RedisError:
            self._breaker.trip()
            return False
        return True

    def is_spool_there(self) -> bool:
        """Whether the spool could keep something now."""
        try:
            self._spool.probe()
        except OSError:
            return False
        return True

    def spooled(self) -> int | None:
        """How many events wait in the spool of this machine; None where it cannot be read."""
        return self._spool.depth()

    def keep_draining(self, stop: threading.Event) -> None:
        """Records what is in the spool as soon as Redis can, also what another process left, until `stop` is set."""
        pause = 0.0
        while not stop.wait(pause):
            pause = TEND_SECONDS
            try:
                follow_master(self._ledger.redis)
                self.drain()
            except Exception:  # the outermost line of the thread, which nobody would start again
                log.exception("spool_not_drained")
                pause = TROUBLE_SECONDS

    def drain(self) -> None:
        """Records what waits if Redis can, once; raises OSError where the spool cannot be read."""
        if not (self._spooling or self._breaker.is_open) and self._spool.is_empty():
            return
        try:
            with self._breaker.held():
                self._ledger.redis.ping()
            self._breaker.reset()
            self._refused_in_a_row = 0
            self._tell(self._spool.drain(self._record_late))
        except RedisError:
            self._breaker.trip()
            self._revive_redis()

    def _tell(self, drained: int) -> None:
        if drained:
            log.info("spool_drained", events=drained)
        if self._spooling and not self._breaker.is_open and self._spool.is_empty():
            self._spooling = False
            log.info("spooling_ended")

    def _in_ledger(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        found: list[Outcome]
        try:
            with self._pace.timed():
                found = [*self._ledger.events.record_all(arrivals)]
        except RedisError as error:
            found = [error] * len(arrivals)
        errors = [outcome for outcome in found if isinstance(outcome, RedisError)]
        if not all(map(_concerns_one_event, errors)):
            self._breaker.trip()
        if errors and not self._spooling:
            log.warning("redis_away", reason=type(errors[0]).__name__)
        return found

    def _in_spool(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        return [self._spooled(arrival) for arrival in arrivals]

    def _spooled(self, arrival: Arrival) -> Outcome:
        try:
            self._spool.append(arrival)
        except OSError as error:
            return error
        if not self._spooling:
            self._spooling = True
            log.warning("spooling_started")
        return Recorded(arrival.state, arrival.event_id or "")

    def _record_late(self, arrival: Arrival) -> bool:
        """Records what was spooled; False where Redis takes others but not this one, which a person has to look at."""
        try:
            recorded = self._ledger.events.record_late(arrival)
        except (RedisError, UnicodeError) as error:
            self._refused_in_a_row += 1
            if not _concerns_one_event(error) or self._refused_in_a_row > MOST_REFUSED_IN_A_ROW:
                raise
            if arrival.event_id not in self._told_refused:
                self._told_refused.add(arrival.event_id)
                log.error("spooled_event_refused", event_id=arrival.event_id, reason=type(error).__name__)
            return False
        self._refused_in_a_row = 0
        log.info("recorded_late", event_id=arrival.event_id, connection=arrival.connection, status=recorded.status)
        return True


def _told(arrival: Arrival, outcome: Outcome) -> Recorded | NotRecorded:
    """The outcome, once it is in the log."""
    if not isinstance(outcome, Recorded):
        return NotRecorded("The event could not be recorded; send it again later.")
    log.info(outcome.status, event_id=outcome.event_id, connection=arrival.connection, topic=arrival.topic)
    return outcome


def _reason(outcome: Outcome) -> str:
    return getattr(outcome, "strerror", None) or type(outcome).__name__


def _concerns_one_event(error: RedisError | UnicodeError) -> bool:
    """Whether Redis, or its client, refuses this very event; anything else counts as Redis being away.

    Known by the codes in the answer, which a script's error may hold in the middle: OOM, READONLY, MISCONF, BUSY ...
    (redis.io/docs/latest/develop/reference/protocol-spec).
    """
    if isinstance(error, DataError | UnicodeError):
        return True
    return type(error) is ResponseError and set(_KINDS_OF_REFUSAL.findall(str(error))) <= {"ERR", "WRONGTYPE"}

"""Webhooks that never came: the sender is asked what it had to tell, and what is missing here is recorded.

What the sender lists is recorded like its webhook, so that a webhook that comes after all, or was only late, changes
nothing. An order that is known here in any way is not looked at again.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import structlog
from redis.exceptions import RedisError

from config.connection import Connection
from errors import BookhookError, MappingError
from ledger.arrivals import Arrival
from mappings import Call, Received, Source
from outbound import ApiAnswer, ApiLimited
from worker.desk import Desk
from worker.fetching import Fetching, address

HISTORY = 2  # the priority behind what happens now
LOOKED_BACK_SECONDS = 3 * 86400.0
# What is newer than this may still be on its way.
ON_ITS_WAY_SECONDS = 900.0
TICK_SECONDS = 60.0
MOST_BYTES = 100 * 1024 * 1024
LONGEST_WAIT_SECONDS = 60.0
MISSING, KNOWN, NOT_FOR_US = "missing", "known", "not for us"
log = structlog.get_logger()

MakeArrival = Callable[[Connection, Source, Received], Arrival]
"""What becomes of a request that came: `ingest.door.make_arrival`."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing the sender listed: what it is to us, what it is about, and its event once it is recorded."""

    what: str
    topic: str
    order: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Healer:
    """Asks the senders; `keys` are by connection the credentials that this takes, of those that can be asked."""

    desk: Desk
    keys: Mapping[str, Mapping[str, str]] = field(repr=False)
    make_arrival: MakeArrival
    wait: Callable[[float], None] = time.sleep

    def heal(self, name: str, *, since: float, until: float, dry: bool = False) -> Iterator[Found]:
        """What the connection's sender had to tell in that time (unix seconds); records what is missing, unless `dry`.

        Raises RetryLater and NeedsAttention; what is recorded by then stays. An odd item keeps no other.
        """
        source, odd = self.desk.sources[name], list[MappingError]()
        for listed, steps in source.healing.questions(since=since, until=until):
            asking = Fetching(partial(self._ask, name), most_bytes=MOST_BYTES)
            for item in asking.go_through(steps) or []:
                try:
                    received = source.healing.request(listed, item)
                except MappingError as error:
                    odd.append(error)
                else:
                    yield from self._see_to_all(name, source, received, dry=dry)
        if odd:
            raise odd[0]

    def _see_to_all(self, name: str, source: Source, received: Received | None, *, dry: bool) -> Iterator[Found]:
        """Sees to the events of a request, if its sender would have sent it."""
        if received is None:
            yield Found(NOT_FOR_US, "", "")
        for each in source.events(received) if received else ():
            yield self._see_to(name, source, each, dry=dry)

    def _ask(self, name: str, call: Call, has_begun: bool) -> ApiAnswer | None:
        connection = self.desk.connections[name]
        keys = {**self.desk.keys[name], **self.keys[name]}
        asked = address(call, connection, keys, caller=f"heal-{name}", has_begun=has_begun)
        patience = LONGEST_WAIT_SECONDS
        while True:
            try:
                return self.desk.apis.ask(asked)
            except ApiLimited as pause:  # a list is asked for page by page, which is sooner than most senders allow
                seconds = pause.retry_after_seconds or 1.0
                patience -= seconds
                if patience < 0:
                    raise
                self.wait(seconds)

    def _see_to(self, name: str, source: Source, received: Received, *, dry: bool) -> Found:
        arrival = self.make_arrival(self.desk.connections[name], source, received)
        order = arrival.order or ""
        if arrival.ignored is not None:
            return Found(NOT_FOR_US, arrival.topic, order)
        if self._is_known(arrival, source, received):
            return Found(KNOWN, arrival.topic, order)
        if dry:
            return Found(MISSING, arrival.topic, order)
        recorded = self.desk.ledger.events.record(replace(arrival, priority=HISTORY, batch=f"healed-{name}"))
        if recorded.status == "duplicate":
            return Found(KNOWN, arrival.topic, order)
        self.desk.ledger.events.note(recorded.event_id, "healed", "its webhook never came; the sender was asked")
        log.info("healed", connection=name, topic=arrival.topic, event_id=recorded.event_id)
        return Found(MISSING, arrival.topic, order, recorded.event_id)

    def _is_known(self, arrival: Arrival, source: Source, received: Received) -> bool:
        """Whether just this is recorded, or what it tells of is known already."""
        if self.desk.ledger.events.is_seen(arrival):
            return True
        if arrival.order is None:
            return False
        if source.bills(arrival.topic):
            return self._is_order_known(arrival, arrival.order, source)
        if source.cancels(arrival.topic):
            return self._is_end_known(arrival, arrival.order)
        parts = source.parts(received, topic=arrival.topic)
        return bool(parts) and all(self._has(arrival, kind, once_per) for kind, once_per in parts)

    def _is_order_known(self, arrival: Arrival, order: str, source: Source) -> bool:
        """Whether the whole order is known, as it is now where such events tell all of it."""
        orders, named = self.desk.ledger.orders, f"{arrival.connection}/{order}"
        newest = orders.newest_version(named)
        if source.tells_all(arrival.topic) and arrival.version is not None and newest is not None:
            return arrival.version <= newest
        return any(self._has(arrival, kind, order) for kind in ("invoice", "expense")) or orders.is_known(named)

    def _is_end_known(self, arrival: Arrival, order: str) -> bool:
        """Whether an event of the same topic has told of the order as it is now, or as it was later."""
        if arrival.version is None:
            return False
        told = self.desk.ledger.orders.versions(f"{arrival.connection}/{order}")
        late_enough = [event_id for event_id, version in told.items() if version >= arrival.version]
        events = map(self.desk.ledger.events.get, late_enough)
        return any(event is not None and event.topic == arrival.topic for event in events)

    def _has(self, arrival: Arrival, kind: str, once_per: str) -> bool:
        return self.desk.ledger.documents.get(f"{arrival.connection}/{kind}/{once_per}") is not None


def keep_healing(healer: Healer, every_seconds: float, stop: threading.Event) -> None:
    """Asks each sender once in so many seconds, until `stop` is set; for a thread of its own, as it takes a while."""
    while not stop.wait(TICK_SECONDS):
        try:
            heal_if_due(healer, every_seconds)
        except RedisError as error:
            log.warning("redis_away", reason=type(error).__name__)
        except Exception as error:  # the outermost line of the thread, which nobody would start again
            healer.desk.report(error)


def heal_if_due(healer: Healer, every_seconds: float) -> None:
    """Asks each sender whose turn it is; no sender's trouble keeps another from its turn."""
    ledger = healer.desk.ledger
    for name in healer.keys:
        if ledger.heals.begin(name, seconds=every_seconds):
            until = ledger.clock() - ON_ITS_WAY_SECONDS
            heal_and_keep(healer, name, since=until - LOOKED_BACK_SECONDS, until=until)


def heal_and_keep(healer: Healer, name: str, *, since: float, until: float) -> None:
    """Asks one sender, and keeps what that came to."""
    counts, trouble = Counter[str](), ""
    try:
        counts.update(found.what for found in healer.heal(name, since=since, until=until))
    except BookhookError as error:
        trouble = error.message
        log.warning("not_healed", connection=name, reason=error.code)
    healer.desk.ledger.heals.keep(name, listed=counts.total(), missing=counts[MISSING], trouble=trouble)

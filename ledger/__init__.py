"""What has happened, in Redis: events, documents, leases and search, and the hand-off to RQ."""

import time
from collections.abc import Callable

from redis import Redis

from ledger.documents import Documents, LeaseLost, marker
from ledger.events import Arrival, Events, Recorded
from ledger.leases import RENEW_SECONDS, Leases
from ledger.records import OPEN_STATES, STATES, DocumentRecord, Event, Step, Trouble
from ledger.search import Search

__all__ = [
    "OPEN_STATES",
    "RENEW_SECONDS",
    "STATES",
    "Arrival",
    "DocumentRecord",
    "Event",
    "LeaseLost",
    "Ledger",
    "Recorded",
    "Step",
    "Trouble",
    "marker",
]


class Ledger:
    """The one truth about events and documents; `clock` gives unix seconds."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float] = time.time, retention_days: int = 90) -> None:
        self.redis = redis
        self.clock = clock
        self.events = Events(redis, clock=clock, retention_days=retention_days)
        self.documents = Documents(redis, clock=clock)
        self.leases = Leases(redis, clock=clock)
        self.search = Search(redis, retention_days=retention_days)

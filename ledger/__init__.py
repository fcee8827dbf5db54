"""What has happened, in Redis: events, documents, leases and search, and the hand-off to RQ."""

import time
from collections.abc import Callable

from redis import Redis

from ledger.approvals import Approval, Approvals, Decided
from ledger.archive import Archive
from ledger.arrivals import Arrival, Recorded, identities, kept_headers, new_event_id
from ledger.backfills import Backfills
from ledger.dispatch import Dispatch, Pause
from ledger.documents import Documents, Fields, LeaseLost, marker
from ledger.events import Events, Finished
from ledger.incarnation import CAREFUL_SECONDS, GoneBack, Incarnation
from ledger.leases import RENEW_SECONDS, Leases
from ledger.orders import Orders
from ledger.reconciliations import Reconciliations
from ledger.records import STATES, DocumentRecord, Event, Step, Trouble
from ledger.search import Search
from ledger.undoing import Undoing

__all__ = [
    "CAREFUL_SECONDS",
    "RENEW_SECONDS",
    "STATES",
    "Approval",
    "Approvals",
    "Arrival",
    "Decided",
    "Dispatch",
    "DocumentRecord",
    "Event",
    "Fields",
    "Finished",
    "GoneBack",
    "LeaseLost",
    "Ledger",
    "Pause",
    "Recorded",
    "Step",
    "Trouble",
    "identities",
    "kept_headers",
    "marker",
    "new_event_id",
]


class Ledger:
    """The one truth about events and documents; `clock` gives unix seconds."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float] = time.time, retention_days: int = 90) -> None:
        self.redis = redis
        self.clock = clock
        self.archive = Archive(redis)
        self.events = Events(redis, self.archive, clock=clock, retention_days=retention_days)
        self.approvals = Approvals(redis, self.archive, clock=clock, retention_days=retention_days)
        self.dispatch = Dispatch(redis, clock=clock)
        self.documents = Documents(redis, clock=clock, retention_days=retention_days)
        self.incarnation = Incarnation(redis, clock=clock)
        self.leases = Leases(redis, clock=clock)
        self.orders = Orders(redis, clock=clock, leases=self.leases, retention_days=retention_days)
        self.search = Search(redis, retention_days=retention_days)
        self.backfills = Backfills(redis, retention_days=retention_days)
        self.reconciliations = Reconciliations(redis, clock=clock)
        self.undoing = Undoing(redis, self.documents, self.archive, clock=clock, retention_days=retention_days)

"""What has happened, in Redis: events, documents, leases and search, and the hand-off to RQ."""

import time
from collections.abc import Callable

from redis import Redis

from ledger.answers import Answer, Answers
from ledger.approvals import Approval, Approvals, Decided, is_same_person
from ledger.archive import Archive
from ledger.arrivals import Arrival, Recorded, identities, kept_headers, new_event_id
from ledger.backfills import Backfills
from ledger.bulks import Bulk, Bulks, Chosen, Deed
from ledger.calls import CallMade, Calls
from ledger.dispatch import Dispatch, Pause
from ledger.documents import Documents, Fields, LeaseLost, marker
from ledger.events import Events, Finished, Suspect
from ledger.failures import Failure, Failures
from ledger.fetched import Fetched
from ledger.heals import Heals
from ledger.incarnation import CAREFUL_SECONDS, GoneBack, Incarnation
from ledger.leases import RENEW_SECONDS, Leases
from ledger.lists import Place, Which
from ledger.orders import Orders
from ledger.reconciliations import Reconciliations
from ledger.records import STATES, DocumentRecord, Event, Step, Trouble
from ledger.search import Search
from ledger.traffic import Traffic, Traffics
from ledger.undoing import Undoing

__all__ = [
    "CAREFUL_SECONDS",
    "RENEW_SECONDS",
    "STATES",
    "Answer",
    "Answers",
    "Approval",
    "Approvals",
    "Arrival",
    "Bulk",
    "Bulks",
    "CallMade",
    "Chosen",
    "Decided",
    "Deed",
    "Dispatch",
    "DocumentRecord",
    "Event",
    "Failure",
    "Failures",
    "Fields",
    "Finished",
    "GoneBack",
    "LeaseLost",
    "Ledger",
    "Pause",
    "Place",
    "Recorded",
    "Step",
    "Suspect",
    "Traffic",
    "Trouble",
    "Which",
    "identities",
    "is_same_person",
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
        self.answers = Answers(redis, clock=clock)
        self.calls = Calls(redis, self.archive)
        self.events = Events(redis, self.archive, self.calls, clock=clock, retention_days=retention_days)
        self.failures = Failures(redis, self.events)
        self.approvals = Approvals(redis, self.archive, self.calls, clock=clock, retention_days=retention_days)
        self.fetched = Fetched(redis)
        self.dispatch = Dispatch(redis, clock=clock)
        self.documents = Documents(redis, self.calls, clock=clock, retention_days=retention_days)
        self.incarnation = Incarnation(redis, clock=clock)
        self.leases = Leases(redis, clock=clock)
        self.orders = Orders(redis, clock=clock, leases=self.leases, retention_days=retention_days)
        self.traffic = Traffics(redis, clock=clock)
        self.search = Search(redis, retention_days=retention_days)
        self.backfills = Backfills(redis, retention_days=retention_days)
        self.heals = Heals(redis, clock=clock)
        self.reconciliations = Reconciliations(redis, clock=clock)
        self.bulks = Bulks(redis, self.events, clock=clock, retention_days=retention_days)
        self.undoing = Undoing(redis, self.documents, self.archive, clock=clock, retention_days=retention_days)

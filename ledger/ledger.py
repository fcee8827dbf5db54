"""All parts of the ledger over one Redis."""

import time
from collections.abc import Callable

from redis import Redis

from ledger.answers import Answers
from ledger.approvals import Approvals
from ledger.archive import Archive
from ledger.backfills import Backfills
from ledger.bulks import Bulks
from ledger.calls import Calls
from ledger.dispatch import Dispatch
from ledger.documents import Documents
from ledger.events import Events
from ledger.failures import Failures
from ledger.fetched import Fetched
from ledger.heals import Heals
from ledger.incarnation import Incarnation
from ledger.leases import Leases
from ledger.orders import Orders
from ledger.reconciliations import Reconciliations
from ledger.search import Search
from ledger.traffic import Traffics
from ledger.undoing import Undoing


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

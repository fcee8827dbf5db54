"""Everything a worker works with, put together once per process by the composition root."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from config.connections import Connection
from ledger import Ledger
from mappings import Source
from outbound import Outbound
from worker.company import Company
from zoho.books import Books


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The ledger, the books of each organization, and how each connection's events are read.

    `report` is told of every unexpected exception, `revive_redis` is called when Redis is away, `process` names this
    process in the ledger. Seconds are wall-clock.
    """

    ledger: Ledger
    sources: Mapping[str, Source]
    connections: Mapping[str, Connection]
    books: Mapping[str, Books]
    outbound: Outbound
    settle_seconds: float
    send_seconds: float
    random: Random
    report: Callable[[BaseException], None]
    revive_redis: Callable[[], None] = lambda: None
    process: str = field(default_factory=lambda: secrets.token_hex(6))
    company: Company = field(default_factory=Company)

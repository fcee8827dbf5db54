"""Everything a worker works with, put together once per process by the composition root."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from config.connection import Connection
from ledger.ledger import Ledger
from ledger.records import Event
from mappings import Source
from outbound import Apis, Outbound
from worker.company import Company
from zoho.books import Books
from zoho.organizations import Organizations


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The ledger, the books of each organization by its id, and each connection with its source as it has it.

    `organizations` are all of the deployment, also where there are books of one only.

    `report` is told of every unexpected exception, `revive_redis` is called when Redis is away, `process` names this
    process in the ledger. `keys` are by connection the credentials its source asks with, by the settings its mapping
    names. Seconds are wall-clock.
    """

    ledger: Ledger
    sources: Mapping[str, Source]
    connections: Mapping[str, Connection]
    keys: Mapping[str, Mapping[str, str]] = field(repr=False)
    books: Mapping[str, Books]
    organizations: Organizations
    outbound: Outbound
    apis: Apis
    settle_seconds: float
    send_seconds: float
    random: Random
    report: Callable[[BaseException], None]
    revive_redis: Callable[[], None] = lambda: None
    process: str = field(default_factory=lambda: secrets.token_hex(6))
    company: Company = field(default_factory=Company)

    def source_of(self, event: Event) -> Source | None:
        """The event's source as its connection has it; None when the connection is no more, or is of another source."""
        source = self.sources.get(event.connection)
        return source if source is not None and source.name == event.source else None

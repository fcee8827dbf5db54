"""Finding an event by what people have in hand: an order number, an e-mail address, a Zoho number.

bh:find:<shelf>   zset   the rest of a term's digest and an event's id, by received_at; expires after the retention
                         unless renewed

The digest hides the term; its first four digits are the shelf. Many terms share a shelf, since a key of its own takes
up more than what it says. Steps that end the work on an event index it, too (`index` in shared.lua).
"""

import hashlib
from collections.abc import Iterable
from typing import cast

from redis import Redis

from ledger.records import Event
from ledger.scripts import load

SHELF_DIGITS = 4
DIGITS = 20


class Search:
    """Events by exact term, whatever its case."""

    def __init__(self, redis: Redis, *, retention_days: int) -> None:
        self._redis = redis
        self._retention = retention_days * 86400
        self._index = load(redis, "index")

    def index(self, event: Event, terms: Iterable[str]) -> None:
        """Makes the event findable by each term."""
        self._index(args=[event.event_id, event.received_at.timestamp(), self._retention, *digests(terms)])

    def find(self, term: str, newest: int = 200) -> list[str]:
        """The ids of the events with this term, newest first."""
        [digest] = digests([term])
        rest = digest[SHELF_DIGITS:]
        shelf = cast("list[bytes]", self._redis.zrange(f"bh:find:{digest[:SHELF_DIGITS]}", 0, -1, desc=True))
        found = [entry.decode().removeprefix(rest) for entry in shelf if entry.startswith(rest.encode())]
        return found[:newest]


def digests(terms: Iterable[str]) -> list[str]:
    """What stands for the terms in the ledger."""
    return [hashlib.sha256(term.strip().casefold().encode()).hexdigest()[:DIGITS] for term in terms]

"""Finding an event by what people have in hand: an order number, an e-mail address, a Zoho number or id.

bh:find:<digest>   zset   events by received_at; the digest hides the term; expires after the retention unless renewed
"""

import hashlib
from collections.abc import Iterable
from typing import cast

from redis import Redis

from ledger.records import Event


class Search:
    """Events by exact term, whatever its case."""

    def __init__(self, redis: Redis, *, retention_days: int) -> None:
        self._redis = redis
        self._retention = retention_days * 86400

    def index(self, event: Event, terms: Iterable[str | None]) -> None:
        """Makes the event findable by each term."""
        pipeline = self._redis.pipeline(transaction=False)
        for term in terms:
            if term:
                pipeline.zadd(_key(term), {event.event_id: event.received_at.timestamp()})
                pipeline.expire(_key(term), self._retention)
        pipeline.execute()

    def find(self, term: str, newest: int = 200) -> list[str]:
        """The ids of the events with this term, newest first."""
        found = cast(list[bytes], self._redis.zrange(_key(term), 0, newest - 1, desc=True))
        return [event_id.decode() for event_id in found]


def _key(term: str) -> str:
    return "bh:find:" + hashlib.sha256(term.strip().casefold().encode()).hexdigest()[:32]

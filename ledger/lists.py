"""Which events there are: listed newest first, found by when they came, counted. The keys are those of events.py."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, cast

from redis import Redis

from ledger.archive import Archive
from ledger.records import STATES, Event, event_record

MOST_IN_A_PAGE = 100


class Place(NamedTuple):
    """Where an event stands in the lists: when it was received (unix seconds), and its id where several were."""

    received_at: float
    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Events of a state and a connection, received `since` then and before `until` (unix seconds); None: any."""

    state: str | None = None
    connection: str | None = None
    since: float | None = None
    until: float | None = None

    @property
    def bounds(self) -> tuple[str, str]:
        """The least and the greatest rank, as Redis writes them."""
        least = "-inf" if self.since is None else repr(self.since)
        return least, "+inf" if self.until is None else f"({self.until!r}"


class Lists:
    """The lists of events, read a page at a time; no page costs more for the events that are not on it."""

    def __init__(self, redis: Redis, archive: Archive) -> None:
        self._redis = redis
        self._archive = archive

    def list(
        self, *, state: str | None = None, connection: str | None = None, newest: int | None = None
    ) -> Iterator[Event]:
        """The stored events of a state and a connection, newest first."""
        return self.select(Which(state=state, connection=connection), newest=newest)

    def select(self, which: Which, *, newest: int | None = None, before: Place | None = None) -> Iterator[Event]:
        """The stored events, newest first; those that stand behind the place `before`."""
        left = newest
        while left is None or left > 0:
            page = self.places(which, min(left or MOST_IN_A_PAGE, MOST_IN_A_PAGE), before=before)
            if not page:
                return
            found = self.stored([place.event_id for place in page])
            yield from found
            before, left = page[-1], None if left is None else left - len(found)

    def stored(self, event_ids: Sequence[str]) -> Sequence[Event]:
        """Those of the events that are stored, in one round trip."""
        stored = self._archive.stored(event_ids)
        return [event_record(id_, each) for id_, each in zip(event_ids, stored, strict=True) if each.fields]

    def places(self, which: Which, most: int, *, before: Place | None = None) -> Sequence[Place]:
        """Where the newest so many stand; costs one round trip, unless many were received at one moment."""
        ties = 0 if before is None else 1
        while True:
            found = self._ranked(which, most + ties, before)
            behind = [place for place in found if before is None or place < before]
            if len(behind) >= most or len(found) < most + ties:
                return behind[:most]
            ties += most

    def _ranked(self, which: Which, most: int, before: Place | None) -> Sequence[Place]:
        least, greatest = which.bounds
        if before is not None and (which.until is None or before.received_at < which.until):
            greatest = repr(before.received_at)
        with self._redis.pipeline(transaction=False) as pipeline:
            for key in self.keys(which):
                pipeline.zrevrangebyscore(key, greatest, least, start=0, num=most, withscores=True)
            pages = cast("list[list[tuple[bytes, float]]]", pipeline.execute())
        ranked = sorted(((rank, event_id) for page in pages for event_id, rank in page), reverse=True)
        return [Place(rank, event_id.decode()) for rank, event_id in ranked[:most]]

    def keys(self, which: Which) -> Sequence[str]:
        """The lists that hold the events."""
        connections = [which.connection] if which.connection else self.connections()
        states = [which.state] if which.state else STATES
        return [f"bh:events:{name}:{state}" for name in connections for state in states]

    def connections(self) -> Sequence[str]:
        """Every connection that ever had an event, by name."""
        known = cast("set[bytes]", self._redis.smembers("bh:connections"))
        return sorted(name.decode() for name in known)

    def count(self, which: Which) -> int:
        """How many there are."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for key in self.keys(which):
                pipeline.zcount(key, *which.bounds)
            return sum(pipeline.execute())

    def counts(self) -> dict[str, int]:
        """How many events are in each state."""
        return self._count()

    def counts_since(self, moment: float) -> dict[str, int]:
        """How many of the events received since then (unix seconds) are in each state."""
        return self._count(moment)

    def counts_between(self, edges: Sequence[float], state: str) -> Iterator[int]:
        """How many events in this state were received between each of the edges (unix seconds) and the next."""
        connections, spans = self.connections(), list(pairwise(edges))
        with self._redis.pipeline(transaction=False) as pipeline:
            for first, last in spans:
                for name in connections:
                    pipeline.zcount(f"bh:events:{name}:{state}", first, f"({last}")
            sizes = pipeline.execute()
        for n in range(len(spans)):
            yield sum(sizes[len(connections) * n : len(connections) * (n + 1)])

    def _count(self, since: float | None = None) -> dict[str, int]:
        connections = self.connections()
        keys = [(state, f"bh:events:{name}:{state}") for state in STATES for name in connections]
        with self._redis.pipeline(transaction=False) as pipeline:
            for _, key in keys:
                pipeline.zcard(key) if since is None else pipeline.zcount(key, since, "+inf")
            sizes = pipeline.execute()
        counts = dict.fromkeys(STATES, 0)
        for (state, _), size in zip(keys, sizes, strict=True):
            counts[state] += size
        return counts

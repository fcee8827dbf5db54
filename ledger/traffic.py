"""How it goes with each connection, read off its lists of events (bh:events:<connection>:<state>, events.py)."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from redis import Redis

from ledger.records import STATES, instant

Ranked = list[tuple[bytes, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """The events of one connection: how many came of late by state, the newest, and the newest parked, with its id."""

    counts: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(STATES, 0))
    last_at: datetime | None = None
    last_parked: str | None = None
    last_parked_at: datetime | None = None


class Traffics:
    """The traffic of every connection; however many events are stored, it costs the same."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._clock = clock

    def of(self, connections: Sequence[str], *, seconds: float) -> dict[str, Traffic]:
        """The traffic of these connections, counted over the last so many seconds; in one round trip."""
        since = self._clock() - seconds
        with self._redis.pipeline(transaction=False) as pipeline:
            for name in connections:
                for state in STATES:
                    pipeline.zcount(_key(name, state), since, "+inf")
                    pipeline.zrange(_key(name, state), 0, 0, desc=True, withscores=True)
            answers = iter(pipeline.execute())
        return {name: _traffic({state: (next(answers), next(answers)) for state in STATES}) for name in connections}

    def newest(self, connections: Sequence[str], count: int) -> list[tuple[str, str]]:
        """So many events of these connections, newest first: their ids, each with its connection."""
        keys = [(name, state) for name in connections for state in STATES]
        with self._redis.pipeline(transaction=False) as pipeline:
            for name, state in keys:
                pipeline.zrange(_key(name, state), 0, count - 1, desc=True, withscores=True)
            lists = cast("list[Ranked]", pipeline.execute())
        ranked = [
            (rank, event_id.decode(), name)
            for (name, _), found in zip(keys, lists, strict=True)
            for event_id, rank in found
        ]
        return [(event_id, name) for _, event_id, name in heapq.nlargest(count, ranked)]


def _traffic(found: Mapping[str, tuple[int, Ranked]]) -> Traffic:
    parked = found["parked"][1]
    moments = [moment for _, ranked in found.values() for _, moment in ranked]
    return Traffic(
        counts={state: count for state, (count, _) in found.items()},
        last_at=instant(max(moments)) if moments else None,
        last_parked=parked[0][0].decode() if parked else None,
        last_parked_at=instant(parked[0][1]) if parked else None,
    )


def _key(connection: str, state: str) -> str:
    return f"bh:events:{connection}:{state}"

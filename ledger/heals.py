"""When a connection's sender was last asked for what never came.

bh:healing:<connection>  string  whoever asks has the turn; expires when the next one begins
bh:healed:<connection>   hash    at (unix seconds), listed, missing, trouble: the last time; for ever
"""

from collections.abc import Callable
from typing import cast

from redis import Redis


class Heals:
    """One asking of each connection at a time and in each interval, whichever process does it."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._clock = clock

    def begin(self, connection: str, *, seconds: float) -> bool:
        """Takes the turn for so many seconds; False when another has it."""
        return bool(self._redis.set(f"bh:healing:{connection}", "begun", nx=True, ex=max(1, int(seconds))))

    def keep(self, connection: str, *, listed: int, missing: int, trouble: str = "") -> None:
        """Keeps what asking came to."""
        told: dict[str, str | int | float] = {
            "at": self._clock(),
            "listed": listed,
            "missing": missing,
            "trouble": trouble,
        }
        self._redis.hset(f"bh:healed:{connection}", items=[part for pair in told.items() for part in pair])

    def last(self, connection: str) -> dict[str, str] | None:
        """`at`, `listed`, `missing` and `trouble` of the last time, or None."""
        kept = cast("dict[bytes, bytes]", self._redis.hgetall(f"bh:healed:{connection}"))
        return {name.decode(): value.decode() for name, value in kept.items()} or None

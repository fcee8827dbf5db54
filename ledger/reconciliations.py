"""When the books of an organization were last compared with the ledger.

bh:reconciling:<organization>:<day>  string  'begun' (expires after an hour, so that a dead process's turn passes on)
                                             or 'done' (expires after two days)
bh:reconciled:<organization>         hash    at, since (unix seconds), checked, differences: the last one; for ever
"""

from collections.abc import Callable
from datetime import date
from typing import cast

from redis import Redis

BEGUN_SECONDS = 3600
DONE_SECONDS = 2 * 86400


class Reconciliations:
    """One nightly comparison for each organization and day, whichever process makes it."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._clock = clock

    def begin(self, organization: str, day: date) -> bool:
        """Takes the day's turn; False when another has it, or it is done."""
        return bool(self._redis.set(_turn(organization, day), "begun", nx=True, ex=BEGUN_SECONDS))

    def end(self, organization: str, day: date) -> None:
        """Notes that the day's turn is done."""
        self._redis.set(_turn(organization, day), "done", ex=DONE_SECONDS)

    def postpone(self, organization: str, day: date, seconds: float) -> None:
        """Lets the day's turn be taken again after so many seconds."""
        self._redis.expire(_turn(organization, day), max(1, int(seconds)))

    def keep(self, organization: str, *, since: float, checked: int, differences: int) -> None:
        """Keeps what a comparison came to, in counts."""
        told = {"at": self._clock(), "since": since, "checked": checked, "differences": differences}
        self._redis.hset(f"bh:reconciled:{organization}", items=[part for pair in told.items() for part in pair])

    def last(self, organization: str) -> dict[str, float] | None:
        """`at`, `since`, `checked` and `differences` of the last comparison, or None."""
        kept = cast(dict[bytes, bytes], self._redis.hgetall(f"bh:reconciled:{organization}"))
        return {name.decode(): float(value) for name, value in kept.items()} or None


def _turn(organization: str, day: date) -> str:
    return f"bh:reconciling:{organization}:{day.isoformat()}"

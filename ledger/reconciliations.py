"""When the books of an organization were last compared with the ledger, and what was found.

bh:reconciling:<organization>:<day>  string  'begun' (expires after an hour, so that a dead process's turn passes on)
                                             or 'done' (expires after two days)
bh:reconciled:<organization>         hash    at, since (unix seconds), checked, differences: the last one; for ever;
                                             sound_at: of what the ledger had forgotten until then (unix seconds) the
                                             organization's books held nothing
bh:differing:<organization>          string  the first 200 differences of the last comparison, a JSON list (see
                                             `keep`); apart from its counts, which pages read every few seconds
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, cast

from redis import Redis

BEGUN_SECONDS = 3600
DONE_SECONDS = 2 * 86400
MOST_KEPT = 200
"""So many differences of a comparison are kept, so that a restored backup does not fill Redis."""


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

    def keep(
        self, organization: str, *, since: float, checked: int, differences: Sequence[Mapping[str, str | None]]
    ) -> None:
        """Keeps what a comparison came to in place of the one before: counts, and the first differences.

        A difference is what `worker.reconcile.Difference` has, by name.
        """
        told = {"at": self._clock(), "since": since, "checked": checked, "differences": len(differences)}
        with self._redis.pipeline(transaction=True) as both:
            both.hset(f"bh:reconciled:{organization}", items=[part for pair in told.items() for part in pair])
            both.set(f"bh:differing:{organization}", json.dumps(differences[:MOST_KEPT]))
            both.execute()

    def declare_sound(self, organization: str, *, at: float) -> None:
        """Ends the care after a loss noticed not later than that (unix seconds): the books hold nothing unknown."""
        self._redis.hset(f"bh:reconciled:{organization}", "sound_at", at)

    def is_sound(self, organization: str, *, since: float) -> bool:
        """Whether the organization's books hold nothing that the ledger may have forgotten by then (unix seconds)."""
        at = self._redis.hget(f"bh:reconciled:{organization}", "sound_at")
        return at is not None and float(at) >= since

    def last(self, organization: str) -> dict[str, float] | None:
        """What is kept of the last comparison (see above), or None."""
        kept = cast(dict[bytes, bytes], self._redis.hgetall(f"bh:reconciled:{organization}"))
        return {name.decode(): float(value) for name, value in kept.items()} or None

    def differing(self, organization: str) -> list[dict[str, Any]]:
        """The differences that are kept of the last comparison, at most 200, in its order."""
        kept = cast(bytes | None, self._redis.get(f"bh:differing:{organization}"))
        return json.loads(kept) if kept else []


def _turn(organization: str, day: date) -> str:
    return f"bh:reconciling:{organization}:{day.isoformat()}"

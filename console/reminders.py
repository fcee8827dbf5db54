"""Which reminders of invoices people sent here.

bh:reminder:<organization>:<invoice_id>          text  unix seconds of the last one; expires after thirty days
bh:reminder:<organization>:<invoice_id>:<click>  text  there once the click was taken up; expires after a day
"""

from collections.abc import Callable, Sequence
from typing import cast

from redis import Redis

KEEP_SECONDS = 30 * 86400
CLICK_SECONDS = 86400


class Reminders:
    """The reminders about one organization's invoices."""

    def __init__(self, redis: Redis, organization: str, *, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._prefix = f"bh:reminder:{organization}"
        self._clock = clock

    def take_up(self, invoice_id: str, click: str) -> bool:
        """Whether the click is taken up now: True once, however often its form is sent."""
        return bool(self._redis.set(f"{self._prefix}:{invoice_id}:{click}", "1", nx=True, ex=CLICK_SECONDS))

    def note(self, invoice_id: str) -> None:
        """Writes down that a reminder of the invoice was sent, or may have been."""
        self._redis.set(f"{self._prefix}:{invoice_id}", repr(self._clock()), ex=KEEP_SECONDS)

    def last(self, invoice_ids: Sequence[str]) -> list[float | None]:
        """When each of the invoices was last reminded of here (unix seconds)."""
        keys = [f"{self._prefix}:{invoice_id}" for invoice_id in invoice_ids]
        kept = cast("list[bytes | None]", self._redis.mget(keys)) if keys else []
        return [float(each) if each else None for each in kept]

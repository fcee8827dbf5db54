"""What is known of every order beside its documents; an order is `<connection>/<once_per>`.

bh:order:<order>          hash    cancelled (0 or 1), version (unix seconds) of whoever said so last; kept for ever
bh:order:credits:<order>  set     the business keys of its credit notes; kept for ever
bh:order:payments:<order> set     the business keys of its payments; kept for ever
bh:versions:<order>       zset    events that hold the whole order, by version (record.lua); expires after the retention
bh:awaiting:<order>       set     events that wait for its invoice; expires after the retention
bh:lease:order:<order>    string  the lease of whoever works on the order; expires 15 s after its last renewal

One worker at a time does an order's things: what has to be done depends on what was done.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from redis import Redis

from errors import Busy
from ledger.events import LEASE_SECONDS
from ledger.leases import Leases
from ledger.records import moment
from ledger.scripts import load


class Orders:
    """What is known of the orders."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float], leases: Leases, retention_days: int) -> None:
        self._redis = redis
        self._clock = clock
        self._leases = leases
        self._retention = retention_days * 86400
        self._tell = load(redis, "tell_order")
        self._lock = load(redis, "lock_order")
        self._release = load(redis, "release")
        self._wake = load(redis, "wake_awaiting")

    @contextmanager
    def locked(self, order: str, lease: str) -> Iterator[None]:
        """The right to work on the order, renewed with the other leases; raises Busy while another worker has it."""
        name = f"order:{order}"
        if not self._lock(keys=[f"bh:lease:{name}"], args=[lease, int(LEASE_SECONDS * 1000)]):
            raise Busy("Another event is at the same order.", retry_after_seconds=1)
        try:
            with self._leases.document(name, lease):
                yield
        finally:
            self._release(keys=[f"bh:lease:{name}"], args=[lease])

    def is_held(self, order: str, lease: str) -> bool:
        """Whether the lease is still the one on the order."""
        return self._redis.get(f"bh:lease:order:{order}") == lease.encode()

    def tell(self, order: str, *, is_cancelled: bool, version: float) -> None:
        """Notes whether the order is cancelled as of a version, unless a newer one has spoken."""
        self._tell(keys=[f"bh:order:{order}"], args=[int(is_cancelled), repr(version)])

    def is_cancelled(self, order: str) -> bool:
        """Whether the newest version that spoke of it says that the order is cancelled."""
        return self._redis.hget(f"bh:order:{order}", "cancelled") == b"1"

    def versions(self, order: str, *, after: float, most: int = 20) -> list[tuple[str, float]]:
        """The newest events that hold the whole order, and their versions, the newest first; none up to `after`."""
        found = self._redis.zrange(
            f"bh:versions:{order}", "+inf", f"({after!r}", byscore=True, desc=True, offset=0, num=most, withscores=True
        )
        return [(event_id.decode(), float(version)) for event_id, version in cast(list[tuple[bytes, float]], found)]

    def add_credit(self, order: str, business_key: str) -> None:
        """Counts a credit note among the order's, before it is posted."""
        self._redis.sadd(f"bh:order:credits:{order}", business_key)

    def credits(self, order: str) -> list[str]:
        """The business keys of the order's credit notes, posted or not."""
        return self._members(f"bh:order:credits:{order}")

    def add_payment(self, order: str, business_key: str) -> None:
        """Counts a payment among the order's, before it is posted."""
        self._redis.sadd(f"bh:order:payments:{order}", business_key)

    def payments(self, order: str) -> list[str]:
        """The business keys of the order's payments, posted or not."""
        return self._members(f"bh:order:payments:{order}")

    def _members(self, key: str) -> list[str]:
        return sorted(member.decode() for member in cast(set[bytes], self._redis.smembers(key)))

    def await_invoice(self, order: str, event_id: str) -> None:
        """Has `wake` find the event."""
        key = f"bh:awaiting:{order}"
        self._redis.sadd(key, event_id)
        self._redis.expire(key, self._retention)

    def wake(self, order: str) -> list[str]:
        """Gives a turn to every event that waits for the order's invoice; gives the ids."""
        woken = self._wake(keys=[f"bh:awaiting:{order}"], args=[moment(self._clock())])
        return [event_id.decode() for event_id in woken]

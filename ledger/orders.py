"""What is known of every order beside its documents; an order is `<connection>/<once_per>`.

bh:order:<order>          hash    cancelled (0 or 1), version (unix seconds) of whoever said so last; of:<event_id> of
                                  each event that holds the whole order, its version (record.lua); of an order that
                                  is cancelled kept for ever, else for the retention
bh:order:credits:<order>  set     the business keys of its credit notes; kept for ever
bh:order:payments:<order> set     the business keys of its payments; kept for ever
bh:awaiting:<order>       set     events that wait for its invoice; expires after the retention
bh:lease:order:<order>    string  the lease of whoever works on the order; expires 15 s after its last renewal

One worker at a time does an order's things: what has to be done depends on what was done.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from redis import Redis

from errors import Busy
from ledger.events import LEASE_SECONDS
from ledger.leases import Leases
from ledger.records import moment
from ledger.scripts import load

MOST_VERSIONS = 20


@dataclass(slots=True)
class Held:
    """An order under a lease: whether its newest version says that it is cancelled, and which versions are newer.

    `newer` are events that hold the whole order with their versions (unix seconds), the newest first. Whoever holds it
    sets `is_invoiced` to give a turn, in the end, to every event that waits for its invoice.
    """

    is_cancelled: bool
    newer: list[tuple[str, float]]
    is_invoiced: bool = False


class Orders:
    """What is known of the orders."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float], leases: Leases, retention_days: int) -> None:
        self._redis = redis
        self._clock = clock
        self._leases = leases
        self._retention = retention_days * 86400
        self._lock = load(redis, "lock_order")
        self._release = load(redis, "release")
        self._leave = load(redis, "leave_order")

    @contextmanager
    def locked(
        self, order: str, lease: str, *, told: tuple[bool, float] | None = None, newer_than: float | None = None
    ) -> Iterator[Held]:
        """The right to work on the order, renewed with the other leases; raises Busy while another worker has it.

        `told` notes whether the order is cancelled as of a version (unix seconds), unless a newer one has spoken. Newer
        versions are given where they are asked for.
        """
        name = f"order:{order}"
        words = [int(told[0]), repr(told[1])] if told else ["", ""]
        args = [lease, int(LEASE_SECONDS * 1000), self._retention, *words]
        found = self._lock(keys=[f"bh:lease:{name}", f"bh:order:{order}"], args=args)
        if found is None:
            raise Busy("Another event is at the same order.", retry_after_seconds=1)
        held = _held(found, newer_than)
        try:
            with self._leases.document(name, lease):
                yield held
        except BaseException:
            self._release(keys=[f"bh:lease:{name}"], args=[lease])
            raise
        leave = self._leave if held.is_invoiced else self._release
        leave(keys=[f"bh:lease:{name}", f"bh:awaiting:{order}"], args=[lease, moment(self._clock())])

    def is_known(self, order: str) -> bool:
        """Whether an event has told of the whole order, lately or for good."""
        return bool(self._redis.exists(f"bh:order:{order}"))

    def newest_version(self, order: str) -> float | None:
        """The newest version (unix seconds) of the whole order that an event has told lately; None if none has."""
        return max(self.versions(order).values(), default=None)

    def versions(self, order: str) -> dict[str, float]:
        """The events that have told of the whole order lately, with the version (unix seconds) of each."""
        kept = cast("dict[bytes, bytes]", self._redis.hgetall(f"bh:order:{order}"))
        return {
            name.removeprefix(b"of:").decode(): float(value) for name, value in kept.items() if name.startswith(b"of:")
        }

    def is_held(self, order: str, lease: str) -> bool:
        """Whether the lease is still the one on the order."""
        return self._redis.get(f"bh:lease:order:{order}") == lease.encode()

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
        """Has the event get a turn when the order is invoiced."""
        key = f"bh:awaiting:{order}"
        self._redis.sadd(key, event_id)
        self._redis.expire(key, self._retention)


def _held(flat: Sequence[bytes], newer_than: float | None) -> Held:
    fields = {name.decode(): value for name, value in zip(flat[::2], flat[1::2], strict=True)}
    versions = [(name.removeprefix("of:"), float(value)) for name, value in fields.items() if name.startswith("of:")]
    newer = [each for each in versions if newer_than is not None and each[1] > newer_than]
    newest_first = sorted(newer, key=lambda each: each[1], reverse=True)[:MOST_VERSIONS]
    return Held(fields.get("cancelled") == b"1", newest_first)

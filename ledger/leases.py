"""Keeping the leases of a worker process alive while it works."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redis import Redis

from ledger.events import LEASE_SECONDS
from ledger.scripts import load

RENEW_SECONDS = 5.0


class Leases:
    """The leases a process holds; `renew` is called every RENEW_SECONDS by the process."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._renew = load(redis, "renew")
        self._lock = threading.Lock()
        self._events: dict[str, str] = {}
        self._documents: dict[str, str] = {}

    @contextmanager
    def event(self, event_id: str, lease: str) -> Iterator[None]:
        """Counts an event's lease among those to renew."""
        with self._holding(self._events, event_id, lease):
            yield

    @contextmanager
    def document(self, business_key: str, lease: str) -> Iterator[None]:
        """Counts a document's lease among those to renew."""
        with self._holding(self._documents, business_key, lease):
            yield

    @contextmanager
    def _holding(self, leases: dict[str, str], name: str, lease: str) -> Iterator[None]:
        with self._lock:
            leases[name] = lease
        try:
            yield
        finally:
            with self._lock:
                if leases.get(name) == lease:
                    del leases[name]

    def held(self) -> tuple[dict[str, str], dict[str, str]]:
        """The leases of events and of documents this process holds now."""
        with self._lock:
            return dict(self._events), dict(self._documents)

    def renew(self) -> None:
        """Prolongs every lease held, in one round trip; one that was lost stays lost."""
        events, documents = (list(leases.items()) for leases in self.held())
        if events or documents:
            pairs = [part for pair in events for part in pair]
            self._renew(
                keys=[f"bh:lease:{business_key}" for business_key, _ in documents],
                args=[self._clock() + LEASE_SECONDS, int(LEASE_SECONDS * 1000), len(events), *pairs]
                + [lease for _, lease in documents],
            )

"""The books of every organization, opened when they are first asked for.

An organization that has nothing to do costs nothing but its line in the settings: only the books used last are kept
open. What they know stands in Redis, so books that are opened anew know it too.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, ValuesView

from redis import Redis

from config.organizations import Organization
from zoho.books import Books
from zoho.transport import Transport

MOST_OPEN = 500


class Shelf(Mapping[str, Books]):
    """Books by the id of the organization; safe to share between threads, one a process.

    They are of the organization as it is when they are asked for. All of them share the connections that are kept
    alive, by host.
    """

    def __init__(
        self,
        organizations: Mapping[str, Organization],
        *,
        redis: Redis,
        clock: Callable[[], float] = time.time,
        most_open: int = MOST_OPEN,
    ) -> None:
        self._organizations = organizations
        self._redis = redis
        self._clock = clock
        self._most_open = most_open
        self._transport = Transport()
        self._open: OrderedDict[str, Books] = OrderedDict()
        self._lock = threading.Lock()

    def __getitem__(self, organization_id: str) -> Books:
        """The books of the organization; raises KeyError."""
        with self._lock:
            organization, books = self._organizations[organization_id], self._open.pop(organization_id, None)
            if books is None or books.organization != organization:  # as it was before it was connected anew
                books = self._opened(organization)
            self._open[organization_id] = books
            if len(self._open) > self._most_open:
                self._open.popitem(last=False)
            return books

    def __contains__(self, organization_id: object) -> bool:
        """Whether there is such an organization; opens nothing."""
        return organization_id in self._organizations

    def __iter__(self) -> Iterator[str]:
        """The ids, the default organization's first; opens nothing."""
        return iter(self._organizations)

    def values(self) -> ValuesView[Books]:
        """The books of every organization that is there when it is come to: one may be disconnected meanwhile."""
        return _Present(self)

    def __len__(self) -> int:
        """How many organizations there are."""
        return len(self._organizations)

    def _opened(self, organization: Organization) -> Books:
        return Books(organization, redis=self._redis, clock=self._clock, transport=self._transport)


class _Present(ValuesView[Books]):
    """Leaves out what is gone since it was listed."""

    _mapping: Mapping[str, Books]

    def __iter__(self) -> Iterator[Books]:
        return (books for id_ in self._mapping if (books := self._mapping.get(id_)) is not None)

"""Requests that are recorded at the same turn of an event loop share one round trip to Redis.

A request runs in a greenlet of its own. Where it records, it gives way to the others; once all have come so far, they
are recorded together, and each goes on where it was.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from typing import TypeVar, cast

from greenlet import getcurrent, greenlet

from errors import NotRecorded
from ledger.arrivals import Arrival, Recorded

Outcome = Recorded | NotRecorded
T = TypeVar("T")


class _Request(greenlet):
    """A call that gives way where it records."""


class Gathering:
    """Records with `record_all`, which gives what each arrival came to, in their order."""

    def __init__(self, record_all: Callable[[Sequence[Arrival]], Sequence[Outcome]]) -> None:
        self._record_all = record_all
        self._waiting: list[tuple[Sequence[Arrival], asyncio.Future[Sequence[Outcome]]]] = []

    def record(self, arrivals: Sequence[Arrival]) -> Sequence[Outcome]:
        """What recording a request's arrivals came to; with those of others if it is asked for in a call of `run`."""
        request = getcurrent()
        gives_way = isinstance(request, _Request) and request.parent
        return cast(Sequence[Outcome], gives_way.switch(arrivals)) if gives_way else self._record_all(arrivals)

    async def run(self, call: Callable[[], T]) -> T:
        """What the call gives, which may record and is not to wait for anything else."""
        request = _Request(call)
        asked = request.switch()
        while not request.dead:
            try:
                outcomes = await self._gather(asked)
            except Exception as error:  # raised where the call records, which reports it
                asked = request.throw(error)
            else:
                asked = request.switch(outcomes)
        return cast(T, asked)

    def _gather(self, arrivals: Sequence[Arrival]) -> "asyncio.Future[Sequence[Outcome]]":
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._record)
        outcomes: asyncio.Future[Sequence[Outcome]] = loop.create_future()
        self._waiting.append((arrivals, outcomes))
        return outcomes

    def _record(self) -> None:
        waiting, self._waiting = self._waiting, []
        try:
            outcomes = iter(self._record_all([arrival for arrivals, _ in waiting for arrival in arrivals]))
        except Exception as error:
            for _, future in waiting:
                if not future.done():  # its sender went away
                    future.set_exception(error)
        else:
            for arrivals, future in waiting:
                own = [*islice(outcomes, len(arrivals))]
                if not future.done():
                    future.set_result(own)

"""How many calls an organization may still make, shared by every process on every machine.

bh:quota:<org>:minute     zset    call id → time of the call, or of its reservation; the last minute
bh:quota:<org>:day:<day>  text    calls reserved on a UTC day; kept two days
bh:quota:<org>:in_flight  zset    call id → when it is over at the latest, so a killed process frees its place
bh:quota:<org>:closed     text    time until which Zoho refuses calls, after a 429

Whoever plans work ahead reserves its calls ahead, as tickets; the calls made while tickets are held use those up.

Limits: zoho.com/books/api/v3/introduction. Times are unix seconds by the injected clock.
"""

import datetime
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from math import ceil
from pathlib import Path

from redis import Redis, RedisError

from config.organizations import Organization
from errors import QuotaExhausted

# Calls that leave us evenly may arrive in bunches, and Zoho counts arrivals: its minute is given a second more.
WINDOW_SECONDS = 61
# Zoho answers in 0.3 to 0.8 seconds, so that the second of two calls comes later than the first. Should it be quicker,
# a call comes before its place is free by our count, at most by the second figure; by Zoho's it is still free.
CALL_SECONDS = 0.25
MOST_EARLY_SECONDS = 0.5

REASONS = {
    "closed": "Zoho refused a call and asked for a pause.",
    "day": "The organization's calls for today are used up.",
    "minute": "The organization's calls for this minute are used up.",
    "in_flight": "As many calls as the organization allows are in flight.",
}


class Quota:
    """Asked before every call to an organization; one Redis round trip."""

    def __init__(self, organization: Organization, *, redis: Redis, clock: Callable[[], float] = time.time) -> None:
        self._limits = organization.limits
        self._redis = redis
        self._clock = clock
        self._prefix = f"bh:quota:{organization.organization_id}"
        self._take = redis.register_script(Path(__file__).with_name("quota.lua").read_text())
        self._close = redis.register_script(Path(__file__).with_name("close.lua").read_text())
        self._take_ahead = redis.register_script(Path(__file__).with_name("tickets.lua").read_text())
        self._give_back = redis.register_script(Path(__file__).with_name("give_back.lua").read_text())
        self._held: ContextVar[list[str] | None] = ContextVar("held", default=None)
        self._pause: ContextVar[Callable[[float], object] | None] = ContextVar("pause", default=None)

    @contextmanager
    def reserve(self, *, seconds: float) -> Iterator[None]:
        """Holds one of the places in flight during the `with`; the call lasts `seconds` at most.

        Raises `QuotaExhausted` with the time until a limit allows the next call; then nothing is counted.
        """
        held = self._held.get()
        call_id = held[0] if held else uuid.uuid4().hex
        self._await(call_id, seconds)
        if held:
            held.pop(0)
        try:
            yield
        finally:
            with suppress(RedisError):  # the answer matters more; the place frees itself
                self._redis.zrem(f"{self._prefix}:in_flight", call_id)

    def reserve_ahead(self, counts: Sequence[int]) -> list[list[str]]:
        """Tickets for each of the counts of calls, in their order, as far as the minute and the day have room."""
        return self._reserve_ahead(counts)[0]

    def hold(self, calls: int) -> None:
        """Has this thread hold tickets for so many calls, inside `holding`; those it lacks are reserved now.

        Raises `QuotaExhausted` when there is no room for all of them; then none is reserved.
        """
        held = self._held.get()
        if held is None:
            raise ValueError("hold is for what is done while holding tickets")
        calls = min(calls, self._limits.per_minute)
        lacking = calls - len(held)
        if lacking <= 0:
            return
        granted, reason, wait = self._reserve_ahead([lacking])
        if not granted:
            raise _refusal(reason, wait, calls=calls)
        held += granted[0]

    def _reserve_ahead(self, counts: Sequence[int]) -> tuple[list[list[str]], bytes, bytes]:
        """The tickets, then which limit is in the way of more, and for how many seconds."""
        asked = [[uuid.uuid4().hex for _ in range(count)] for count in counts]
        now = self._clock()
        granted, reason, wait = self._take_ahead(
            keys=[f"{self._prefix}:minute", self._day_key(now), f"{self._prefix}:closed"],
            args=[now, self._limits.per_minute, self._limits.per_day, WINDOW_SECONDS, _day_left(now)]
            + [CALL_SECONDS, MOST_EARLY_SECONDS]
            + [part for tickets in asked for part in (str(len(tickets)), *tickets)],
        )
        return asked[: int(granted)], reason, wait

    def give_back(self, tickets: Sequence[str]) -> None:
        """Frees reserved calls that will not be made."""
        if tickets:
            self._give_back(keys=[f"{self._prefix}:minute", self._day_key(self._clock())], args=list(tickets))

    def let_go(self) -> None:
        """Frees the tickets that this thread holds: it will not call for a while."""
        held = self._held.get() or []
        self.give_back(held)
        held.clear()

    @contextmanager
    def holding(self, tickets: Sequence[str]) -> Iterator[None]:
        """Has the calls made inside, by this thread, use these tickets first; frees what is left of them."""
        left = list(tickets)
        before = self._held.set(left)
        try:
            yield
        finally:
            self._held.reset(before)
            self.give_back(left)

    @contextmanager
    def yielding(self, pause: Callable[[float], object]) -> Iterator[None]:
        """Has the calls made inside, by this thread, wait for their turn with `pause(seconds)`, a minute at most.

        They leave half of the minute and of the places in flight to others, and a tenth of the day.
        """
        before = self._pause.set(pause)
        try:
            yield
        finally:
            self._pause.reset(before)

    def close(self, seconds: float) -> None:
        """Lets nobody call for so many seconds: Zoho said so."""
        self._close(keys=[f"{self._prefix}:closed"], args=[self._clock() + seconds, ceil(seconds) + 1])

    def usage(self) -> dict[str, int]:
        """`minute_used`, `minute_limit`, `day_used`, `day_limit`, `in_flight`, as of now."""
        now = self._clock()
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.zcount(f"{self._prefix}:minute", f"({now - WINDOW_SECONDS}", "+inf")
            pipe.get(self._day_key(now))
            pipe.zcount(f"{self._prefix}:in_flight", f"({now}", "+inf")
            minute_used, day_used, in_flight = pipe.execute()
        return {
            "minute_used": min(minute_used, self._limits.per_minute),  # a few may be reserved for a moment later
            "minute_limit": self._limits.per_minute,
            "day_used": int(day_used or 0),
            "day_limit": self._limits.per_day,
            "in_flight": in_flight,
        }

    def _await(self, call_id: str, seconds: float) -> None:
        pause = self._pause.get()
        while True:
            try:
                return self._reserve(call_id, seconds, is_yielding=pause is not None)
            except QuotaExhausted as refusal:
                wait = refusal.retry_after_seconds or 1.0
                if pause is None or wait > WINDOW_SECONDS:
                    raise
                pause(wait)

    def _reserve(self, call_id: str, seconds: float, *, is_yielding: bool) -> None:
        now = self._clock()
        limits = self._limits
        most = (limits.per_minute, limits.per_day, limits.concurrent)
        if is_yielding:
            most = (max(1, most[0] // 2), max(1, most[1] * 9 // 10), max(1, most[2] // 2))
        reason, wait = self._take(
            keys=[f"{self._prefix}:minute", self._day_key(now), f"{self._prefix}:in_flight", f"{self._prefix}:closed"],
            args=[now, call_id, now + seconds, *most, _day_left(now), WINDOW_SECONDS],
        )
        if reason:
            raise _refusal(reason, wait)

    def _day_key(self, now: float) -> str:
        return f"{self._prefix}:day:{datetime.datetime.fromtimestamp(now, datetime.UTC):%Y-%m-%d}"


def _refusal(reason: bytes, wait: bytes, *, calls: int | None = None) -> QuotaExhausted:
    return QuotaExhausted(REASONS[reason.decode()], retry_after_seconds=max(float(wait), 0.1), calls=calls)


def _day_left(now: float) -> float:
    return 86400 - now % 86400

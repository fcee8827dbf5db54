"""Zoho's call limits, counted per organization; all of them are off (None) until set.

Figures and texts: https://www.zoho.com/books/api/v3/introduction/
"""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from sandbox.answers import ApiError, ControlError

MINUTES_PER_DAY = 1440
TOKEN_WINDOW_MINUTES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one organization may ask for; None is no limit. A shorter `seconds_per_minute` makes tests quick."""

    per_minute: int | None = None
    per_day: int | None = None
    concurrent: int | None = None
    seconds_per_minute: float = 60.0
    token_requests: int | None = 10


def changed(limits: Limits, raw: Any) -> dict[str, Any]:
    """The fields a control request sets, checked; ControlError says what is wrong with them."""
    names = [field.name for field in fields(limits)]
    if not isinstance(raw, dict):
        raise ControlError(f"send a JSON object with any of: {', '.join(names)}")
    for name, value in raw.items():
        if name not in names:
            raise ControlError(f"no such limit: {name}; there are: {', '.join(names)}")
        if name == "seconds_per_minute":
            raw[name] = _seconds(value)
        elif value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise ControlError(f"{name} must be a whole number, or null for no limit")
    return raw


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 < value <= 86400:
        raise ControlError("seconds_per_minute must be a number above 0")
    return float(value)


class Meter:
    """Counts calls against the limits since `started_at` (unix seconds); a day is 1,440 of its minutes."""

    def __init__(self, limits: Limits, started_at: float) -> None:
        self.limits = limits
        self._started_at = started_at
        self._minute: dict[str, deque[float]] = defaultdict(deque)
        self._day: Counter[tuple[str, int]] = Counter()
        self._in_flight: Counter[str] = Counter()
        self._token_requests: deque[float] = deque()

    def enter(self, organization_id: str, now: float) -> None:
        """Count a call that begins, or raise the refusal (45, 44 or 1070) without counting it."""
        self._refuse_over_day(organization_id, now)
        minute = self._minute[organization_id]
        self._forget(minute, now - self.limits.seconds_per_minute)
        if self.limits.per_minute is not None and len(minute) >= self.limits.per_minute:
            raise per_minute_refusal()
        if self.limits.concurrent is not None and self._in_flight[organization_id] >= self.limits.concurrent:
            raise concurrent_refusal()
        minute.append(now)
        self._day[organization_id, self._today(now)] += 1
        self._in_flight[organization_id] += 1

    def leave(self, organization_id: str) -> None:
        """A counted call has ended."""
        self._in_flight[organization_id] -= 1

    def may_ask_for_token(self, now: float) -> bool:
        """Whether the accounts server serves one more token request; it is counted if so."""
        self._forget(self._token_requests, now - TOKEN_WINDOW_MINUTES * self.limits.seconds_per_minute)
        if self.limits.token_requests is not None and len(self._token_requests) >= self.limits.token_requests:
            return False
        self._token_requests.append(now)
        return True

    def _refuse_over_day(self, organization_id: str, now: float) -> None:
        limit = self.limits.per_day
        if limit is not None and self._day[organization_id, self._today(now)] >= limit:
            raise per_day_refusal(limit)

    def _today(self, now: float) -> int:
        return int((now - self._started_at) // (MINUTES_PER_DAY * self.limits.seconds_per_minute))

    @staticmethod
    def _forget(times: deque[float], until: float) -> None:
        while times and times[0] <= until:
            times.popleft()


def per_minute_refusal() -> ApiError:
    """Zoho's answer to the 101st call in a minute (code 44)."""
    return ApiError(
        429,
        44,
        "For security reasons your organization has been blocked as it have exceeded the maximum number of "
        "requests per minute that can originate from an organization.",
    )


def per_day_refusal(limit: int) -> ApiError:
    """Zoho's answer once the day's calls are used up (code 45)."""
    return ApiError(429, 45, f"The API call for this organization has exceeded the maximum call rate limit of {limit}.")


def concurrent_refusal() -> ApiError:
    """Zoho's answer when too many calls are in process (code 1070)."""
    return ApiError(
        429,
        1070,
        "You have reached the maximum number of in process requests allowed. Kindly try again after some time.",
    )

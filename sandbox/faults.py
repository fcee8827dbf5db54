"""The faults a person or a test can order: which calls they meet, how often, and what they do.

A fault names its call as `METHOD /path`, without `/books/v3` and with `:id` for every id
(`GET /invoices/:id`; `{id}` is understood too), or is `*` for every call of the Books API.
"""

import random
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.answers import ControlError, Record

ACTIONS = (
    "answer_429_44",
    "answer_429_45",
    "answer_429_1070",
    "answer_500",
    "answer_html_502",
    "reset",
    "reset_after_saving",
    "timeout_after_saving",
    "save_after_timeout",
    "expire_tokens",
    "hide_from_search",
)
THROTTLES = ("answer_429_44", "answer_429_45", "answer_429_1070")
KEYS = ("on", "do", "times", "share", "seconds", "seed")
DEFAULT_SECONDS = 5
_CALL = re.compile(r"(GET|POST|PUT|DELETE) /\S*")


@dataclass(slots=True, kw_only=True)
class Fault:
    """One ordered fault: `times` still to come (None is no end), `share` the chance that a call meets it.

    `seconds` is None where the order named none: `held_seconds` then has the default, and a 429 no `Retry-After`.
    """

    on: str
    do: str
    times: int | None
    share: float | None
    seconds: float | None
    dice: random.Random

    @property
    def held_seconds(self) -> float:
        """How long it holds or hides."""
        return DEFAULT_SECONDS if self.seconds is None else self.seconds

    def meets(self, route: str, *, is_books_call: bool) -> bool:
        """Whether this call is hit; uses up one of the times if so."""
        if route != self.on and not (self.on == "*" and is_books_call):
            return False
        if self.times == 0 or (self.share is not None and self.dice.random() >= self.share):
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def as_json(self) -> Record:
        """The fault as the control route shows it, with the times left."""
        order = {"on": self.on, "do": self.do, "times": self.times, "share": self.share}
        order["seconds"] = self.seconds if self.do in THROTTLES else self.held_seconds
        return {name: value for name, value in order.items() if value is not None}


class Faults:
    """The orders in force, first come first met; at most one meets a call."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def order(self, raw: Any, *, seed: int) -> None:
        """Add one fault or a list of them; ControlError, and none added, if any cannot be understood."""
        self._orders += [_parse(entry, seed) for entry in (raw if isinstance(raw, list) else [raw])]

    def meet(self, route: str, *, is_books_call: bool) -> Fault | None:
        """The fault this call runs into, or None."""
        for fault in self._orders:
            if fault.meets(route, is_books_call=is_books_call):
                return fault
        return None

    def clear(self) -> None:
        """No fault is in force."""
        self._orders.clear()

    def active(self) -> list[Record]:
        """The faults that can still meet a call."""
        return [fault.as_json() for fault in self._orders if fault.times != 0]


def _parse(raw: Any, seed: int) -> Fault:
    if not isinstance(raw, dict):
        raise ControlError('a fault is a JSON object such as {"on": "POST /invoices", "do": "answer_500"}')
    unknown = sorted(set(raw) - set(KEYS))
    if unknown:
        raise ControlError(f"a fault has no {unknown[0]}; it has: {', '.join(KEYS)}")
    share = _share(raw.get("share"))
    return Fault(
        on=_call(raw.get("on")),
        do=_action(raw.get("do")),
        times=_times(raw.get("times", None if share is not None else 1)),
        share=share,
        seconds=_seconds(raw.get("seconds")),
        dice=random.Random(_seed(raw.get("seed", seed))),  # noqa: S311  repeatable on purpose, guards nothing
    )


def _call(value: Any) -> str:
    if value == "*":
        return "*"
    if not isinstance(value, str) or not _CALL.fullmatch(value):
        raise ControlError('"on" must be "*" or a call such as "POST /invoices" or "GET /invoices/:id"')
    return re.sub(r"\{\w+\}|<\w+>|:\w+", ":id", value.replace(" /books/v3/", " /"))


def _action(value: Any) -> str:
    if value not in ACTIONS:
        raise ControlError(f'"do" must be one of: {", ".join(ACTIONS)}')
    return str(value)


def _times(value: Any) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise ControlError('"times" must be a whole number of at least 1, or null for no end')
    return value


def _share(value: Any) -> float | None:
    if value is None:
        return None
    if not _is_number(value) or not 0 <= value <= 1:
        raise ControlError('"share" must be a number from 0 to 1')
    return float(value)


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    if not _is_number(value) or not 0 <= value <= 3600:
        raise ControlError('"seconds" must be a number from 0 to 3600')
    return float(value)


def _seed(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ControlError('"seed" must be a whole number')
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)

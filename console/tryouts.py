"""Trying a mapping that is not live: what the console wants of whoever can.

Nothing is called and nothing is recorded. A mapping may be hostile (endless, or huge): whoever tries it must answer
within seconds and keep it from doing harm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Version:
    """A mapping as text, and what a connection lays over it, if anything."""

    mapping: str
    patch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What came: `fetched` is JSON of what the sender's API has answered about it, `at` when it came (unix seconds)."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    fetched: str = "{}"
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a version: in its `mapping` or its `patch`, in which line if that is known."""

    where: str
    line: int | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of it.

    `problems` keep a version from being used. `outcomes` are JSON values by request, in order, of those that were
    looked at; `stuck` says, as a sentence, why not even the first was. `is_read`: the versions could be read in time.
    """

    problems: tuple[Problem, ...] = ()
    outcomes: tuple[Any, ...] = ()
    stuck: str | None = None
    is_read: bool = True


class TooBusy(Exception):
    """Raised when as many are trying mappings as may at once."""


class Tryouts(Protocol):
    """Tries mappings of a source, as one of its connections has them or, for None, as its examples do."""

    def try_out(self, source: str, connection: str | None, version: Version, request: Request) -> Tried:
        """What would come of each event of the request: one outcome, a list. Raises TooBusy."""

    def compare(
        self, source: str, connection: str, live: Version, edited: Version, requests: Sequence[Request]
    ) -> Tried:
        """What would come of each request otherwise than now: `verdict` and `rows`. Raises TooBusy."""

"""What needs a person, by what is wrong: one cause, mended once, lets all of its events go through."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from redis import Redis

from ledger.lists import Lists, Which
from ledger.records import Trouble, trouble_record
from ledger.scripts import load

_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Parked events that one thing is wrong with, newest first, by connection; `key` names what it is.

    The trouble is that of the newest; where it `varies`, others say other numbers.
    """

    key: str
    organization: str
    trouble: Trouble
    varies: bool
    events: dict[str, list[str]]

    @property
    def count(self) -> int:
        """How many events they are."""
        return sum(map(len, self.events.values()))

    @property
    def event_ids(self) -> list[str]:
        """All of the events."""
        return [event_id for ids in self.events.values() for event_id in ids]


class Failures:
    """The parked events, grouped."""

    def __init__(self, redis: Redis, lists: Lists) -> None:
        self._lists = lists
        self._failures = load(redis, "failures")

    def newest(self, most: int) -> list[Failure]:
        """What is wrong with the newest so many events that need a person, the most frequent first."""
        return _grouped(self._failures(keys=self._lists.keys(Which(state="parked")), args=[most]))

    def of(self, event_ids: Sequence[str]) -> list[Failure]:
        """What is wrong with these events, the most frequent first."""
        return _grouped(self._failures(args=[0, *event_ids]))


def _grouped(told: Iterable[Sequence[Any]]) -> list[Failure]:
    found: dict[str, Failure] = {}
    for connection, organization, written, wordings, *ids in told:
        trouble = trouble_record(written)
        key = key_of(trouble, organization.decode())
        new = Failure(key=key, organization=organization.decode(), trouble=trouble, varies=False, events={})
        same = found.setdefault(key, new)
        varies = same.varies or wordings > 1 or same.trouble.message != trouble.message
        found[key] = replace(same, varies=varies)
        same.events.setdefault(connection.decode(), []).extend(event_id.decode() for event_id in ids)
    return sorted(found.values(), key=lambda failure: -failure.count)


def key_of(trouble: Trouble, organization: str) -> str:
    """The same for troubles that one thing mends: the same question, or the same words with other numbers."""
    asked = trouble.question.key if trouble.question else _NUMBERS.sub("#", trouble.message)
    return hashlib.sha256(json.dumps([organization, trouble.code, asked]).encode()).hexdigest()[:16]

"""Comparisons of an edited mapping with the live one, over events that came: looked at piece by piece, kept an hour.

bh:comparison:<id>           hash    source, by, connection, mapping, patch, events (JSON, pairs of event and
                                     connection), seconds (what it took so far), trouble (lines)
bh:comparison:<id>:found     list    JSON, what was found of each event, in the order of `events`
bh:comparison:<id>:at_work   string  there while somebody looks at a piece, for half a minute at most
"""

import json
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from redis import Redis

from console.tryouts import Version

KEEP_SECONDS = 3600
AT_WORK_SECONDS = 30
VERDICTS = ("error", "differs", "fixed", "stuck", "gone", "same")
MOST_IN_FULL = 3
MOST_NAMED = 50
_NUMBERS = re.compile(r"\d+")
_ID = re.compile(r"[0-9a-f]{16}")
Found = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One comparison as far as it has come; `found` is of the first of its `events`, which are ids with connections.

    `edited` was typed as of `connection`, "" for none: its patch is that connection's alone. `trouble`, a sentence a
    line, is why it goes on no more.
    """

    id: str
    source: str
    by: str
    connection: str
    edited: Version
    events: Sequence[tuple[str, str]]
    seconds: float
    trouble: str
    found: Sequence[Found] = field(repr=False)

    @property
    def left(self) -> Sequence[tuple[str, str]]:
        """The events that were not looked at yet."""
        return self.events[len(self.found) :]

    def counts(self) -> dict[str, int]:
        """How many events came to each verdict."""
        counted = Counter(each["verdict"] for each in self.found)
        return {verdict: counted[verdict] for verdict in VERDICTS}

    def groups(self) -> list[dict[str, Any]]:
        """What is not the same, by what is otherwise: errors first, what is frequent before what is rare.

        Of each group some events are told in full.
        """
        grouped: dict[tuple[str, ...], list[Found]] = {}
        for each in self.found:
            if each["verdict"] != "same":
                grouped.setdefault(_likeness(each), []).append(each)
        by_size = sorted(grouped.items(), key=lambda item: (VERDICTS.index(item[0][0]), -len(item[1])))
        return [_group(verdict, paths, members) for (verdict, _, *paths), members in by_size]


class Comparisons:
    """The comparisons of the last hour."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def begin(
        self, source: str, edited: Version, events: Sequence[tuple[str, str]], *, by: str, connection: str
    ) -> str:
        """Begins to compare; gives the comparison's id."""
        comparison_id = secrets.token_hex(8)
        fields = {"source": source, "by": by, "connection": connection, "events": json.dumps(events)}
        fields |= {"mapping": edited.mapping, "patch": edited.patch, "seconds": "0", "trouble": ""}
        key = f"bh:comparison:{comparison_id}"
        with self._redis.pipeline() as pipeline:
            pipeline.hset(key, items=[part for pair in fields.items() for part in pair])
            pipeline.expire(key, KEEP_SECONDS)
            pipeline.execute()
        return comparison_id

    def get(self, comparison_id: str) -> Comparison | None:
        """The comparison, or None."""
        if not _ID.fullmatch(comparison_id):
            return None
        key = f"bh:comparison:{comparison_id}"
        kept = cast("dict[bytes, bytes]", self._redis.hgetall(key))
        if not kept:
            return None
        told = {name.decode(): value.decode() for name, value in kept.items()}
        found = cast("list[bytes]", self._redis.lrange(f"{key}:found", 0, -1))
        return Comparison(
            id=comparison_id,
            edited=Version(told["mapping"], told["patch"]),
            events=[(event_id, connection) for event_id, connection in json.loads(told["events"])],
            seconds=float(told["seconds"]),
            found=[json.loads(each) for each in found],
            **{name: told[name] for name in ("source", "by", "connection", "trouble")},
        )

    @contextmanager
    def at_work(self, comparison_id: str) -> Iterator[bool]:
        """Whether nobody else is at the comparison meanwhile."""
        key = f"bh:comparison:{comparison_id}:at_work"
        is_free = bool(self._redis.set(key, "1", nx=True, ex=AT_WORK_SECONDS))
        try:
            yield is_free
        finally:
            if is_free:
                self._redis.delete(key)

    def add(self, comparison_id: str, found: Sequence[Found], *, seconds: float, trouble: str = "") -> None:
        """Adds what was found of the next events, how long that took, and why it goes on no more, if it does not."""
        key = f"bh:comparison:{comparison_id}"
        with self._redis.pipeline() as pipeline:
            for each in found:
                pipeline.rpush(f"{key}:found", json.dumps(each))
            pipeline.expire(f"{key}:found", KEEP_SECONDS)
            pipeline.expire(key, KEEP_SECONDS)
            pipeline.hincrbyfloat(key, "seconds", seconds)
            pipeline.hset(key, "trouble", trouble)
            pipeline.execute()


def _likeness(found: Found) -> tuple[str, ...]:
    """What events of one group share: the verdict, the paths without numbers, and the reason of an error."""
    rows = found.get("rows", [])
    paths = dict.fromkeys(_NUMBERS.sub("#", row["path"]) for row in rows)
    return (found["verdict"], _NUMBERS.sub("#", _reason(found)), *paths)


def _reason(found: Found) -> str:
    """What becomes of it by the edited mapping, where that is otherwise."""
    return next((row["edited"] or "" for row in found.get("rows", []) if row["path"] == "outcome"), "")


def _group(verdict: str, paths: Sequence[str], members: Sequence[Found]) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "reason": _reason(members[0]),
        "paths": paths,
        "count": len(members),
        "events": members[:MOST_IN_FULL],
        "further": [each["event_id"] for each in members[MOST_IN_FULL:MOST_NAMED]],
    }

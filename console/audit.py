"""Who did what in the console.

bh:audit   stream   name, action, subject, detail; the newest 100,000 or so
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import structlog
from redis import Redis

MOST_KEPT = 100_000
LONGEST_DETAIL = 500
log = structlog.get_logger(__name__)
Entry = tuple[bytes, Mapping[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing a person did: `action` is a short word, `subject` what it was done to."""

    id: str
    at: str
    name: str
    action: str
    subject: str
    detail: str


class Audit:
    """Every deed, the newest first."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def note(self, name: str, action: str, *, subject: str = "", detail: str = "") -> None:
        """Writes a deed down, before it is done; one that was refused then, once more as that."""
        told: dict[Any, Any] = {"name": name, "action": action, "subject": subject, "detail": detail[:LONGEST_DETAIL]}
        self._redis.xadd("bh:audit", told, maxlen=MOST_KEPT)
        log.info("console_action", person=name, action=action, subject=subject)

    def newest(self, count: int, *, before: str = "+") -> Iterator[Deed]:
        """So many deeds, those before the one of that id."""
        start = before if before == "+" else f"({before}"
        for entry in cast("list[Entry]", self._redis.xrevrange("bh:audit", start, "-", count=count)):
            yield _deed(*entry)


def _deed(id_: bytes, fields: Mapping[bytes, bytes]) -> Deed:
    at = datetime.fromtimestamp(int(id_.split(b"-")[0]) / 1000, UTC)
    words = [fields[name].decode() for name in (b"name", b"action", b"subject", b"detail")]
    return Deed(id_.decode(), at.isoformat(timespec="seconds").replace("+00:00", "Z"), *words)

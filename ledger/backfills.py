"""How far each backfill has come.

bh:backfill:<batch>   hash   connection, digest (of the file), offset (bytes), lines, queued, ignored, duplicate,
                             unreadable; expires after BOOKHOOK_RETENTION_DAYS
"""

from dataclasses import dataclass
from typing import cast

from redis import Redis


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What of a file was read: up to which byte, how many lines, and how many of them came to what."""

    offset: int = 0
    lines: int = 0
    queued: int = 0
    ignored: int = 0
    duplicate: int = 0
    unreadable: int = 0


class Backfills:
    """The progress of files that are read into the ledger, so that an interrupted one goes on where it was."""

    def __init__(self, redis: Redis, *, retention_days: int) -> None:
        self._redis = redis
        self._retention = retention_days * 86400

    def get(self, batch: str, digest: str) -> Progress:
        """How far the batch has come with the file of that digest; nowhere with any other."""
        kept = cast(dict[bytes, bytes], self._redis.hgetall(f"bh:backfill:{batch}"))
        if kept.get(b"digest") != digest.encode():
            return Progress()
        return Progress(**{name: int(kept[name.encode()]) for name in Progress.__slots__})

    def keep(self, batch: str, progress: Progress, *, connection: str, digest: str) -> None:
        """Notes the progress."""
        numbers = {name: str(getattr(progress, name)) for name in Progress.__slots__}
        fields = {**numbers, "connection": connection, "digest": digest}
        with self._redis.pipeline() as pipeline:
            pipeline.hset(f"bh:backfill:{batch}", items=[part for pair in fields.items() for part in pair])
            pipeline.expire(f"bh:backfill:{batch}", self._retention)
            pipeline.execute()

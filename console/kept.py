"""Reports as they were read, so that a page costs no call to Zoho while they are fresh; reading goes on behind a page.

bh:report:<organization>:<name>           text  JSON {"shape", "read_at" (unix seconds), "figures"}; expires after a day
bh:report:<organization>:<name>:reading   text  who reads it now; gone two minutes after the last sign of life
bh:report:<organization>:<name>:progress  text  JSON {"rows", "waits"}: how far that is; as long
bh:report:<organization>:<name>:trouble   text  why it could not be read last; for a minute
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any, cast

from redis import Redis

from errors import BookhookError

SHAPE = 1  # of the figures; what another version kept in another shape is read anew
FRESH_SECONDS = 15 * 60
KEEP_SECONDS = 86400
# A reader gives a sign after every call, which may take half a minute, and before it waits for its turn for a minute.
SIGN_SECONDS = 120
TROUBLE_SECONDS = 60
# So long a page waits for what it began to read: a small organization is read meanwhile.
PATIENCE_SECONDS = 1.5
UNEXPECTED = "It could not be read: something unexpected happened."
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many rows were read so far, and whether reading waits for its turn, since events go first."""

    rows: int = 0
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What was read, and when (unix seconds), if it ever was; `trouble` says why it was not read anew.

    `progress` is there while somebody reads it.
    """

    figures: Figures | None = None
    read_at: float | None = None
    trouble: str | None = None
    progress: Progress | None = None


class Reading:
    """The right to read one report, as long as there are signs of life."""

    def __init__(self, redis: Redis, key: str, *, pause: Callable[[float], object]) -> None:
        self._redis = redis
        self._right = f"{key}:reading"
        self._progress = f"{key}:progress"
        self._reader = secrets.token_hex(8)
        self._pause = pause
        self._rows = 0
        self._let_go = redis.register_script((Path(__file__).parent / "let_go.lua").read_text())

    def begin(self) -> bool:
        """Takes the right; False when somebody else has it."""
        return bool(self._redis.set(self._right, self._reader, nx=True, ex=SIGN_SECONDS))

    def count(self, rows: int) -> None:
        """Tells that so many more rows were read."""
        self._rows += rows
        self._tell(waits=False)

    def wait(self, seconds: float) -> None:
        """Waits for its turn."""
        self._tell(waits=True)
        self._pause(seconds)

    def end(self) -> None:
        """Gives the right up."""
        self._let_go(keys=[self._right, self._progress], args=[self._reader])

    def _tell(self, *, waits: bool) -> None:
        told = json.dumps({"rows": self._rows, "waits": waits})
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.expire(self._right, SIGN_SECONDS)
            pipeline.set(self._progress, told, ex=SIGN_SECONDS)
            pipeline.execute()


Read = Callable[[Reading], Figures]
"""Reads a report, counting rows and waiting for its turn by what it is given. Raises BookhookError."""


class KeptReports:
    """The reports of every organization; `pause` waits so many seconds."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float], pause: Callable[[float], object]) -> None:
        self._redis = redis
        self._clock = clock
        self._pause = pause

    def kept(self, organization: str, name: str) -> Report:
        """The report as it was read last, whenever that was, and how reading it anew goes."""
        key = _key(organization, name)
        text, reading, progress, trouble = cast(
            "list[bytes | None]", self._redis.mget(key, f"{key}:reading", f"{key}:progress", f"{key}:trouble")
        )
        told = json.loads(text) if text else {}
        last = Report(told["figures"], told["read_at"]) if told.get("shape") == SHAPE else Report()
        if reading:
            return replace(last, progress=Progress(**json.loads(progress)) if progress else Progress())
        return replace(last, trouble=trouble.decode() if trouble else None)

    def fresh(self, organization: str, name: str, read: Read) -> Report:
        """The report, read anew if a quarter of an hour has passed, unless that failed just now."""
        last = self.kept(organization, name)
        is_fresh = last.read_at is not None and self._clock() - last.read_at < FRESH_SECONDS
        return last if is_fresh or last.progress or last.trouble else self.read(organization, name, read)

    def read(self, organization: str, name: str, read: Read) -> Report:
        """Has the report read anew unless somebody is at it, and gives it as it is then; waits for it for a moment."""
        reading = Reading(self._redis, _key(organization, name), pause=self._pause)
        if reading.begin():
            arguments = (_key(organization, name), reading, read)
            # What ends with the process is begun anew by whoever looks next.
            thread = Thread(target=self._read, args=arguments, name=f"report {name} of {organization}", daemon=True)
            thread.start()
            thread.join(PATIENCE_SECONDS)
        return self.kept(organization, name)

    def _read(self, key: str, reading: Reading, read: Read) -> None:
        trouble: str | None = UNEXPECTED
        try:
            told = {"shape": SHAPE, "figures": read(reading), "read_at": self._clock()}
            self._redis.set(key, json.dumps(told), ex=KEEP_SECONDS)
            trouble = None
        except BookhookError as failure:
            trouble = failure.message
        finally:
            self._tell(f"{key}:trouble", trouble)
            reading.end()

    def _tell(self, key: str, trouble: str | None) -> None:
        if trouble is None:
            self._redis.delete(key)
        else:
            self._redis.set(key, trouble, ex=TROUBLE_SECONDS)


def _key(organization: str, name: str) -> str:
    return f"bh:report:{organization}:{name}"

"""Receipts that somebody looks at, kept for some minutes so that a page and its picture are one fetch."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from outbound import File

KEPT_SECONDS = 300.0
MOST_BYTES = 40 * 1024 * 1024
# What a browser may show as it is, known by how it begins (mimesniff.spec.whatwg.org), whatever it is called.
_PICTURES = (
    ("image/png", b"\x89PNG\r\n\x1a\n", b""),
    ("image/jpeg", b"\xff\xd8\xff", b""),
    ("image/gif", b"GIF87a", b""),
    ("image/gif", b"GIF89a", b""),
    ("image/webp", b"RIFF", b"WEBPVP"),
)


def picture_type(content: bytes) -> str | None:
    """The type of a picture that browsers show; None for everything else, which is only ever downloaded."""
    for media_type, beginning, at_eight in _PICTURES:
        if content.startswith(beginning) and content.startswith(at_eight, 8 if at_eight else 0):
            return media_type
    return None


@dataclass(frozen=True, slots=True)
class _Kept:
    file: File | None
    until: float


class Receipts:
    """Gives receipts by event, as `fetch` does, and what it gave lately without asking again."""

    def __init__(self, fetch: Callable[[str], File | None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, event_id: str) -> File | None:
        """The file; None where none came. Raises BookhookError, of which nothing is kept."""
        with self._lock:
            self._forget()
            kept = self._kept.get(event_id)
        if kept is not None:
            return kept.file
        file = self._fetch(event_id)
        with self._lock:
            self._kept[event_id] = _Kept(file, self._clock() + KEPT_SECONDS)
            self._forget()
        return file

    def _forget(self) -> None:
        """Drops what is old, and the oldest of what is too much; the lock is held."""
        while self._kept and (next(iter(self._kept.values())).until < self._clock() or self._bytes() > MOST_BYTES):
            self._kept.popitem(last=False)

    def _bytes(self) -> int:
        return sum(len(kept.file.content) for kept in self._kept.values() if kept.file)

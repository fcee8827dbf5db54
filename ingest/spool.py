"""Where verified requests wait on this machine's disk while Redis cannot record them.

<spool>/*.spool       one or more files of each web process, 0600 in a 0700 folder; removed once all in them is recorded
<spool>/*.damaged     a file with bytes that are no record any more; everything else in it was recorded
<spool>/*.refused     a file with an event that Redis refuses while it takes others; as above
<spool>/drain.lock    held by the process that drains, for all of this machine

What was set aside waits for a person: renamed to *.spool it is drained again, and what is recorded already is
recognised. Locks are flock locks, so the folder has to be on a disk of this machine.
"""

import errno
import heapq
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ingest.spool_files import (
    CAN_LOCK,
    DAMAGED,
    HEADER_BYTES,
    REFUSED,
    SUFFIX,
    WaitingFile,
    WritingFile,
    encode_arrival,
    sync,
    try_lock,
)
from ledger.arrivals import Arrival

MOST_BYTES = 2**30
FILE_BYTES = 2**24
_NAME = re.compile(rf"\d+-\d+-[0-9a-f]{{16}}{re.escape(SUFFIX)}")


class Spool:
    """The spool of this machine, as one process sees it; every method is safe in any thread.

    `most_bytes` bounds the whole folder; a file that has `file_bytes` is followed by another, so that a long spool
    shrinks while it drains.
    """

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES, file_bytes: int = FILE_BYTES) -> None:
        self._folder = folder.absolute()
        self._most_bytes = most_bytes
        self._file_bytes = file_bytes
        self._writing = threading.Lock()
        self._file: WritingFile | None = None
        self._counted: dict[Path, tuple[int, int]] = {}

    def append(self, arrival: Arrival) -> None:
        """Returns when the arrival is on disk; raises OSError, also when the spool is full."""
        payload = encode_arrival(arrival)
        with self._writing:
            self._require_room(HEADER_BYTES + len(payload))
            try:
                file, end = self._write(payload, arrival)
            except OSError:
                self._retire()
                raise
        file.sync(end)

    def probe(self) -> None:
        """Returns when something could be kept now, which is tried; raises OSError saying why not."""
        self._make_folder()
        self._require_room(HEADER_BYTES)
        with tempfile.TemporaryFile(dir=self._folder) as file:
            file.write(bytes(HEADER_BYTES))
            file.flush()
            sync(file.fileno())

    def is_empty(self) -> bool:
        """Whether nothing waits; raises OSError where the folder cannot be read."""
        return not self._paths()

    def depth(self) -> int | None:
        """How many events wait, whichever process kept them; None where the folder cannot be read.

        A file being drained counts as a whole until it is done with.
        """
        try:
            waiting = {path: counted for path in self._paths() if (counted := self._count(path))}
        except OSError:
            return None
        self._counted = waiting
        return sum(found for _, found in waiting.values())

    def set_aside(self) -> list[Path]:
        """The files that wait for a person."""
        return sorted(path for path in self._entries() if path.suffix in (DAMAGED, REFUSED))

    def drain(self, record: Callable[[Arrival], bool]) -> int:
        """Gives what waits to `record`, oldest first, and removes what it took: how many that were.

        `record` gives False for an arrival that is refused for good. What it raises ends the draining; what is in
        files that are not done with is given again the next time. Does nothing while another process drains.
        """
        taken = 0
        with self._alone() as paths, ExitStack() as opened:
            files = [opened.enter_context(WaitingFile(path)) for path in paths]
            for file, arrival in heapq.merge(*map(_read_out, files), key=lambda pair: _came_at(pair[1])):
                if record(arrival):
                    taken += 1
                else:
                    file.refused = True
            for file in files:
                if taken and file.refused:
                    file.finish(keep_refused=False)
        return taken

    def close(self) -> None:
        """Ends the writing; a later `append` starts another file."""
        with self._writing:
            self._retire()

    def _write(self, payload: bytes, arrival: Arrival) -> tuple[WritingFile, int]:
        """Adds to the file at hand, or to another where that is full, spoilt or drained."""
        while True:
            if self._file is None:
                self._make_folder()
                self._file = WritingFile(self._folder, started_at=_came_at(arrival))
                _sync_folder(self._folder)
            is_usable = not self._file.failed and self._file.size < self._file_bytes
            end = self._file.append(payload) if is_usable else None
            if end is not None:
                return self._file, end
            self._retire()

    def _retire(self) -> None:
        file, self._file = self._file, None
        if file:
            with suppress(OSError):  # whoever still waits for it is told by its own call of sync
                file.close()

    def _require_room(self, size: int) -> None:
        if not CAN_LOCK:
            raise OSError(errno.ENOTSUP, "there are no file locks on this platform")
        if sum(_size(path) for path in self._entries()) + size > self._most_bytes:
            raise OSError(errno.EDQUOT, f"the spool holds {self._most_bytes} bytes, which is all it may")

    def _make_folder(self) -> None:
        if not self._folder.is_dir():
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            self._folder.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(self._folder.parent)

    def _entries(self) -> list[Path]:
        try:
            return list(self._folder.iterdir())
        except FileNotFoundError:
            return []

    def _paths(self) -> list[Path]:
        return sorted(path for path in self._entries() if _NAME.fullmatch(path.name))

    def _count(self, path: Path) -> tuple[int, int] | None:
        """How far the file has been counted and how many were in it; None once it is gone."""
        position, found = self._counted.get(path, (0, 0))
        try:
            with WaitingFile(path, position=position) as file:
                found += file.count()
                return file.position, found
        except FileNotFoundError:
            return None

    @contextmanager
    def _alone(self) -> Iterator[list[Path]]:
        """The files to drain, with nobody else at them; none while another process drains."""
        if self.is_empty():
            yield []
            return
        descriptor = os.open(self._folder / "drain.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield self._paths() if try_lock(descriptor) else []
        finally:
            os.close(descriptor)


def _read_out(file: WaitingFile) -> Iterator[tuple[WaitingFile, Arrival]]:
    """Everything in the file, also what is added meanwhile; it is done with when more is asked for than there is."""
    done = False
    while not done:
        yield from ((file, arrival) for arrival in file)
        done = file.finish(keep_refused=True)


def _came_at(arrival: Arrival) -> float:
    return arrival.received_at or 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)

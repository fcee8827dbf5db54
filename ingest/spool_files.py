"""One file of the spool: what a record is, how records are written, and how they are read back.

<milliseconds>-<process>-<mark>.spool   the file's name; the mark is drawn at random, 16 hexadecimal digits
record    mark (8 bytes), length, checksum of the payload, checksum of the 16 bytes before; then the payload
payload   the arrival's fields as a line of JSON, then the body

Numbers are 4 bytes, big-endian; checksums are CRC-32. No sender knows the mark, so no body can look like a record
where reading has to start anew after damage. A file has one writer and is only ever added to.
"""

import errno
import json
import os
import secrets
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Self
from zlib import crc32

import structlog

from ledger.arrivals import Arrival, kept_headers

try:
    import fcntl
except ImportError:  # Windows, where no file is ever opened: see spool.py
    fcntl = None  # type: ignore[assignment]

CAN_LOCK = fcntl is not None
SUFFIX = ".spool"
DAMAGED, REFUSED = ".damaged", ".refused"
MARK_BYTES = 8
_HEAD = struct.Struct(f">{MARK_BYTES}sII")
_SUM = struct.Struct(">I")
HEADER_BYTES = _HEAD.size + _SUM.size
log = structlog.get_logger()


def encode_arrival(arrival: Arrival) -> bytes:
    """The payload for an arrival, without the headers that are best not kept."""
    fields = asdict(replace(arrival, headers=kept_headers(arrival.headers), body=b""))
    del fields["body"]
    return json.dumps(fields).encode() + b"\n" + arrival.body


def decode_arrival(payload: bytes) -> Arrival:
    """The arrival of a payload; raises ValueError or TypeError where another version wrote it."""
    fields, _, body = payload.partition(b"\n")
    return Arrival(**json.loads(fields), body=body)


class WritingFile:
    """A file of this process; `append` is for one thread at a time, `sync` and `close` for any."""

    def __init__(self, folder: Path, *, started_at: float) -> None:
        self._mark = secrets.token_bytes(MARK_BYTES)
        self.path = folder / f"{int(started_at * 1000):013d}-{os.getpid()}-{self._mark.hex()}{SUFFIX}"
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._syncing = threading.Lock()
        self._synced = 0
        self.size = 0
        self.failed = False

    def append(self, payload: bytes) -> int | None:
        """Adds a record: where it ends, for `sync`; None, with nothing written, once the file was taken away.

        After an OSError, which may leave half a record, the file has to be closed.
        """
        head = _HEAD.pack(self._mark, len(payload), crc32(payload))
        with locked(self._descriptor):
            if not self._is_there():
                return None
            _write_all(self._descriptor, head + _SUM.pack(crc32(head)) + payload)
            self.size += HEADER_BYTES + len(payload)
        return self.size

    def sync(self, end: int) -> None:
        """Returns when everything before `end` is on disk, which one thread does for all that wait; raises OSError."""
        with self._syncing:
            if end > self._synced:
                self._sync()

    def close(self) -> None:
        """Syncs what was appended and closes; a thread that still waits in `sync` is served or fails with OSError."""
        with self._syncing:
            try:
                self._sync()
            finally:
                self.failed = True
                os.close(self._descriptor)
                if self.size == 0:
                    self.path.unlink(missing_ok=True)

    def _sync(self) -> None:
        if self.failed:  # after a failure the kernel may call pages clean that never reached the disk
            raise OSError(errno.EIO, "the file could not be synced")
        reached = self.size
        try:
            sync(self._descriptor)
        except OSError:
            self.failed = True
            raise
        self._synced = reached

    def _is_there(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._descriptor), os.stat(self.path))
        except FileNotFoundError:
            return False


class WaitingFile:
    """A file being read, perhaps while its process still adds to it; every iteration goes on where the last ended."""

    def __init__(self, path: Path, *, position: int = 0) -> None:
        self.path = path
        self.position = position
        self.refused = False
        self._damaged = False
        self._mark = bytes.fromhex(path.stem.rpartition("-")[2])
        self._file = path.open("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Arrival]:
        """Every whole record up to the end as it is now; damage between two records is noted and stepped over."""
        while (payload := self._find()) is not None:
            self.position += HEADER_BYTES + len(payload)
            try:
                arrival = decode_arrival(payload)
            except (ValueError, TypeError):
                self._damaged = True
            else:
                yield arrival

    def count(self) -> int:
        """How many records follow, by their headers alone."""
        size, found = os.fstat(self._file.fileno()).st_size, 0
        while True:
            end = self._end(self.position)
            if end is not None and end <= size:
                self.position = end
                found += 1
            elif end is not None or not self._skip_damage():
                return found

    def finish(self, *, keep_refused: bool) -> bool:
        """Whether there was nothing more, so that the file is done with.

        Then it is removed, or renamed if something in it was damaged or refused. While its process may be adding
        to it, or with `keep_refused` if something was refused, it stays.
        """
        with locked(self._file.fileno()):
            if self._find() is not None:
                return False
            self._judge_tail()
            if self._damaged:
                self._set_aside(DAMAGED)
            elif self.refused and not keep_refused:
                self._set_aside(REFUSED)
            elif not self.refused:
                self.path.unlink(missing_ok=True)
        return True

    def _find(self) -> bytes | None:
        """The next whole record's payload, its place being `position` from then on."""
        payload = self._whole(self.position)
        return self._whole(self.position) if payload is None and self._skip_damage() else payload

    def _skip_damage(self) -> bool:
        """Whether a whole record was found further on; `position` is there then."""
        start = self.position + 1
        rest = self._read(start, None)
        place = rest.find(self._mark)
        while place >= 0:
            if self._whole(start + place) is not None:
                self.position = start + place
                self._damaged = True
                return True
            place = rest.find(self._mark, place + 1)
        return False

    def _whole(self, position: int) -> bytes | None:
        header = self._header(position)
        if header is None:
            return None
        length, checksum = header
        payload = self._read(position + HEADER_BYTES, length)
        return payload if len(payload) == length and crc32(payload) == checksum else None

    def _end(self, position: int) -> int | None:
        header = self._header(position)
        return None if header is None else position + HEADER_BYTES + header[0]

    def _header(self, position: int) -> tuple[int, int] | None:
        """Length and checksum of the payload whose header stands there; None where none does."""
        header = self._read(position, HEADER_BYTES)
        if len(header) < HEADER_BYTES or _SUM.unpack_from(header, _HEAD.size)[0] != crc32(header[: _HEAD.size]):
            return None
        mark, length, checksum = _HEAD.unpack_from(header)
        return (length, checksum) if mark == self._mark else None

    def _judge_tail(self) -> None:
        """What follows the last whole record, at rest: nothing, the start of one whose writing broke off, or damage."""
        tail = self._read(self.position, None)
        begun = self._mark.startswith(tail[:MARK_BYTES]) and len(tail) < HEADER_BYTES
        end = self._end(self.position)
        if tail and (begun or (end is not None and end > self.position + len(tail))):
            log.warning("spool_torn", file=self.path.name, bytes=len(tail))
        elif tail:
            self._damaged = True

    def _set_aside(self, suffix: str) -> None:
        self.path.rename(self.path.with_suffix(suffix))
        log.error("spool_file_set_aside", file=self.path.with_suffix(suffix).name)

    def _read(self, position: int, length: int | None) -> bytes:
        self._file.seek(position)
        return self._file.read(length)


@contextmanager
def locked(descriptor: int) -> Iterator[None]:
    """Holds the file's exclusive lock, which the kernel drops with its holder."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def try_lock(descriptor: int) -> bool:
    """Whether the file's exclusive lock could be had at once; it is held until the file is closed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sync(descriptor: int) -> None:
    """Returns when the file, or the folder's list of files, is on disk."""
    if hasattr(fcntl, "F_FULLFSYNC"):  # macOS, where fsync stops at the drive's cache
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]

"""Events that have ended, each as one compressed text: less than half of what they take up while they are worked on.

bh:archive:<event_id>   string  fields, steps, calls and body of an ended event, packed; expires when it would have
bh:to_archive           list    events that have ended and may not be in the archive yet

Whatever a person does to such an event takes it out of the archive first. Its lists (events.py) stay as they are.
"""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from redis import Redis

from ledger.scripts import load

# What events have in common need not be stored with each. Packed events name the version they were packed with: its
# words never change; better ones would be another version.
_EVENTS, _CALLS = ((Path(__file__).parent / f"archive_{name}.txt").read_bytes() for name in ("words", "call_words"))
WORDS = {b"\x01": _EVENTS, b"\x02": _CALLS + _EVENTS}
VERSION = b"\x02"
APART = frozenset({b"headers", b"body", b"fetched"})
"""Fields that are not plain texts."""
# As small as at the highest, in two thirds of the time.
LEVEL = 7
ENDED = frozenset({"posted", "ignored", "rejected"})


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of an event; `fields` are empty where there is none.

    A step is {"at", "step", "detail"}, a call what `ledger.calls.CallMade` tells.
    """

    fields: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    steps: list[dict[str, str]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)


class Archive:
    """Puts ended events away, and gives any event from wherever it is."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._stored = load(redis, "stored")
        self._archive = load(redis, "archive")
        self._restore = load(redis, "restore")

    def stored(self, event_ids: Sequence[str], *, with_calls: bool = False) -> list[Stored]:
        """What is stored of each event, in one round trip; the calls of one that is worked on only where asked for."""
        return [
            unpack(packed) if packed and not flat else read(dict(zip(flat[::2], flat[1::2], strict=True)), steps, calls)
            for flat, steps, calls, packed in self._stored(args=[1 if with_calls else "", *event_ids])
        ]

    def tidy(self, most: int = 25) -> int:
        """Puts events that have ended into the archive, so many at most; gives how many it took up."""
        waiting = cast("list[bytes] | None", self._redis.lpop("bh:to_archive", most))
        if not waiting:
            return 0
        event_ids = list(dict.fromkeys(event_id.decode() for event_id in waiting))
        arguments = [
            each
            for event_id, stored in zip(event_ids, self.stored(event_ids, with_calls=True), strict=True)
            if stored.fields.get("state") in ENDED
            for each in (event_id, stored.fields["state"], len(stored.steps), len(stored.calls), pack(stored))
        ]
        if arguments:
            self._archive(args=arguments)
        return len(event_ids)

    def restore(self, event_id: str) -> bool:
        """Takes the event out of the archive again; False when it is not there."""
        packed = cast("bytes | None", self._redis.get(_keys(event_id)[-1]))
        if packed is None:
            return False
        stored = unpack(packed)
        fields = {**stored.fields, "headers": json.dumps(stored.headers), "body": pack_body(stored.body)}
        fields |= {"fetched": pack_body(stored.fields["fetched"].encode())} if "fetched" in stored.fields else {}
        arguments = [event_id, len(stored.steps), *map(json.dumps, stored.steps)]
        arguments += [len(stored.calls), *map(pack_call, stored.calls)]
        arguments += [part for pair in fields.items() for part in pair]
        return bool(self._restore(keys=_keys(event_id), args=arguments))


def read(fields: Mapping[bytes, bytes], steps: Iterable[bytes] = (), calls: Iterable[bytes] = ()) -> Stored:
    """An event that is not in the archive, as Redis holds it."""
    texts = {name.decode(): value.decode() for name, value in fields.items() if name not in APART}
    headers, body, fetched = json.loads(fields.get(b"headers", b"{}")), fields.get(b"body"), fields.get(b"fetched")
    texts |= {"fetched": zlib.decompress(fetched).decode()} if fetched else {}
    return Stored(
        texts,
        headers,
        zlib.decompress(body) if body else b"",
        [json.loads(step) for step in steps],
        [json.loads(zlib.decompress(call)) for call in calls],
    )


def pack_body(body: bytes) -> bytes:
    """The body as it is kept while its event is worked on."""
    return zlib.compress(body, zlib.Z_BEST_SPEED)


def pack_call(call: Mapping[str, Any]) -> bytes:
    """The call as it is kept while its event is worked on."""
    return zlib.compress(json.dumps(call, separators=(",", ":")).encode(), zlib.Z_BEST_SPEED)


def pack(stored: Stored) -> bytes:
    """The event as one compressed text: a line of JSON, then its body."""
    line = json.dumps([stored.fields, stored.headers, stored.steps, stored.calls], separators=(",", ":"))
    compressor = zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS, zdict=WORDS[VERSION])
    return VERSION + compressor.compress(line.encode() + b"\n" + stored.body) + compressor.flush()


def unpack(packed: bytes) -> Stored:
    """What was packed."""
    version, compressed = packed[:1], packed[1:]
    text = zlib.decompressobj(wbits=-zlib.MAX_WBITS, zdict=WORDS[version]).decompress(compressed)
    line, _, body = text.partition(b"\n")
    fields, headers, steps, *calls = json.loads(line)  # until calls were kept there was no word of them
    return Stored(fields, headers, body, steps, *calls)


def _keys(event_id: str) -> list[str]:
    return [f"bh:event:{event_id}", f"bh:timeline:{event_id}", f"bh:calls:{event_id}", f"bh:archive:{event_id}"]

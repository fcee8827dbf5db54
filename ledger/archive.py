"""Events that have ended, each as one compressed text: less than half of what they take up while they are worked on.

bh:archive:<event_id>   string  fields, steps and body of an ended event, packed; expires when the event would have
bh:to_archive           list    events that have ended and may not be in the archive yet

Whatever a person does to such an event takes it out of the archive first. Its lists (events.py) stay as they are.
"""

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from redis import Redis

from ledger.scripts import load

# What events have in common need not be stored with each. Packed events name the version they were packed with: these
# words never change; better ones would be version 2.
VERSION = b"\x01"
WORDS = (Path(__file__).parent / "archive_words.txt").read_bytes()
ENDED = frozenset({"posted", "ignored", "rejected"})


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of an event; `fields` are empty where there is none. A step is {"at", "step", "detail"}."""

    fields: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    steps: list[dict[str, str]] = field(default_factory=list)


class Archive:
    """Puts ended events away, and gives any event from wherever it is."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._archive = load(redis, "archive")
        self._restore = load(redis, "restore")

    def stored(self, event_ids: Sequence[str]) -> list[Stored]:
        """What is stored of each event, in one round trip."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for event_id in event_ids:
                event, timeline, archived = _keys(event_id)
                pipeline.hgetall(event)
                pipeline.lrange(timeline, 0, -1)
                pipeline.get(archived)
            answers = pipeline.execute()
        found = zip(answers[::3], answers[1::3], answers[2::3], strict=True)
        return [unpack(packed) if packed and not fields else read(fields, steps) for fields, steps, packed in found]

    def tidy(self, most: int = 25) -> int:
        """Puts events that have ended into the archive, so many at most; gives how many it took up."""
        waiting = cast("list[bytes] | None", self._redis.lpop("bh:to_archive", most)) or []
        event_ids = list(dict.fromkeys(event_id.decode() for event_id in waiting))
        ended = [
            (event_id, stored)
            for event_id, stored in zip(event_ids, self.stored(event_ids), strict=True)
            if stored.fields.get("state") in ENDED
        ]
        with self._redis.pipeline(transaction=False) as pipeline:
            for event_id, stored in ended:
                arguments = [stored.fields["state"], len(stored.steps), pack(stored)]
                self._archive(keys=_keys(event_id), args=arguments, client=pipeline)
            pipeline.execute()
        return len(event_ids)

    def restore(self, event_id: str) -> bool:
        """Takes the event out of the archive again; False when it is not there."""
        packed = cast("bytes | None", self._redis.get(_keys(event_id)[2]))
        if packed is None:
            return False
        stored = unpack(packed)
        fields = {**stored.fields, "headers": json.dumps(stored.headers), "body": pack_body(stored.body)}
        arguments = [event_id, len(stored.steps), *map(json.dumps, stored.steps)]
        arguments += [part for pair in fields.items() for part in pair]
        return bool(self._restore(keys=_keys(event_id), args=arguments))


def read(fields: Mapping[bytes, bytes], steps: Iterable[bytes] = ()) -> Stored:
    """An event that is not in the archive, as Redis holds it."""
    texts = {name.decode(): value.decode() for name, value in fields.items() if name not in (b"headers", b"body")}
    headers, body = json.loads(fields.get(b"headers", b"{}")), fields.get(b"body")
    return Stored(texts, headers, zlib.decompress(body) if body else b"", [json.loads(step) for step in steps])


def pack_body(body: bytes) -> bytes:
    """The body as it is kept while its event is worked on."""
    return zlib.compress(body, zlib.Z_BEST_SPEED)


def pack(stored: Stored) -> bytes:
    """The event as one compressed text: a line of JSON, then its body."""
    line = json.dumps([stored.fields, stored.headers, stored.steps], separators=(",", ":"))
    compressor = zlib.compressobj(zlib.Z_BEST_COMPRESSION, wbits=-zlib.MAX_WBITS, zdict=WORDS)
    return VERSION + compressor.compress(line.encode() + b"\n" + stored.body) + compressor.flush()


def unpack(packed: bytes) -> Stored:
    """What was packed."""
    text = zlib.decompressobj(wbits=-zlib.MAX_WBITS, zdict=WORDS).decompress(packed[len(VERSION) :])
    line, _, body = text.partition(b"\n")
    fields, headers, steps = json.loads(line)
    return Stored(fields, headers, body, steps)


def _keys(event_id: str) -> list[str]:
    return [f"bh:event:{event_id}", f"bh:timeline:{event_id}", f"bh:archive:{event_id}"]

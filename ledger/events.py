"""What became of every event.

bh:event:<event_id>        hash    connection, source, organization, topic, state, attempts, received_at, due_at,
                                   reason, error (JSON), lease, handed, handed_at, headers (JSON), body (zlib); finished
                                   events expire after BOOKHOOK_RETENTION_DAYS
bh:timeline:<event_id>     list    {"at", "step", "detail"} as JSON, the newest 200; expires with its event
bh:seen:<digest>           string  the first event with this identity or this body; expires after the retention
bh:events                  zset    every event by received_at
bh:events:<state>          zset    the events in a state by received_at
bh:events:of:<connection>  zset    the events of a connection by received_at
bh:open:<organization>     zset    the organization's events that are queued, working or waiting, by received_at
bh:due                     zset    waiting events by due_at
bh:working                 zset    events at work by the end of their lease

Times are unix seconds. Every change of state is one Lua step; each costs the same however many events are stored.
"""

import hashlib
import json
import secrets
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from redis import Redis

from ledger.handoff import JOB_TIMEOUT_SECONDS, QUEUE, WORK_EVENT
from ledger.records import STATES, Event, Step, Trouble, event_record, instant
from ledger.scripts import load

LEASE_SECONDS = 15.0
LOST_JOB_SECONDS = 60.0
# Never needed to understand an event, and best not kept.
UNKEPT_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "connection", "host"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A verified request about to be recorded; `ignored` says why it needs no work, None when it does."""

    connection: str
    source: str
    organization: str
    topic: str
    delivery: str | None
    headers: Mapping[str, str]
    body: bytes
    ignored: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording came to: `status` is queued, ignored or duplicate (then the first event's id)."""

    status: str
    event_id: str


class Events:
    """The record of every event, and the hand-off to RQ."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float], retention_days: int) -> None:
        self._redis = redis
        self._clock = clock
        self._retention = retention_days * 86400
        self._record = load(redis, "record")
        self._begin = load(redis, "begin")
        self._finish = load(redis, "finish")
        self._wake = load(redis, "wake")
        self._requeue = load(redis, "requeue")

    def record(self, arrival: Arrival) -> Recorded:
        """Records an arrival once and queues it, in one round trip; a repeat gives the first event's id."""
        now = self._clock()
        event_id = new_event_id(now)
        state = "queued" if arrival.ignored is None else "ignored"
        fields = {
            "connection": arrival.connection,
            "source": arrival.source,
            "organization": arrival.organization,
            "topic": arrival.topic,
            "headers": json.dumps(_kept(arrival.headers)),
            "body": zlib.compress(arrival.body, 1),
        }
        status, first = self._record(
            keys=[f"bh:event:{event_id}", *(f"bh:seen:{digest}" for digest in _identities(arrival))],
            args=[event_id, state, now, _at(now), self._retention, *_handoff(), arrival.ignored or ""]
            + [part for pair in fields.items() for part in pair],
        )
        return Recorded("duplicate" if status == b"duplicate" else state, first.decode())

    def begin(self, event_id: str) -> tuple[Event, str] | None:
        """The event and a lease on it if it is to be worked on now, else None."""
        now = self._clock()
        lease = secrets.token_hex(8)
        flat = self._begin(keys=[f"bh:event:{event_id}"], args=[event_id, lease, now, now + LEASE_SECONDS, _at(now)])
        if not flat:
            return None
        return _event(event_id, dict(zip(flat[::2], flat[1::2], strict=True))), lease

    def finish(self, event_id: str, lease: str, state: str, *, detail: str = "", error: Trouble | None = None) -> bool:
        """Ends the work on an event in `state`; False when the lease was lost and nothing changed."""
        return self._move(event_id, lease, state, due_at="", reason="", error=error, detail=detail)

    def wait(self, event_id: str, lease: str, *, seconds: float, trouble: Trouble) -> bool:
        """Lets an event wait `seconds` for the named trouble to pass; False when the lease was lost."""
        due_at = self._clock() + seconds
        detail = f"{trouble.message} Next try at {_at(due_at)}."
        return self._move(
            event_id, lease, "waiting", due_at=repr(due_at), reason=trouble.code, error=trouble, detail=detail
        )

    def _move(
        self, event_id: str, lease: str, state: str, *, due_at: str, reason: str, error: Trouble | None, detail: str
    ) -> bool:
        now = self._clock()
        written = json.dumps(error.as_json()) if error else ""
        args = [event_id, lease, state, now, _at(now), due_at, reason, written, detail, self._retention]
        return bool(self._finish(keys=[f"bh:event:{event_id}"], args=args))

    def wake(self, most: int = 500) -> list[str]:
        """Hands over again what is due, what a dead worker left and what RQ lost; gives the ids."""
        now = self._clock()
        return [event_id.decode() for event_id in self._wake(args=[now, _at(now), most, *_handoff(), LOST_JOB_SECONDS])]

    def requeue(self, event_id: str) -> str | None:
        """Hands a parked or waiting event over again; None when done, else its state ('' when there is none)."""
        now = self._clock()
        answer = self._requeue(keys=[f"bh:event:{event_id}"], args=[event_id, now, _at(now), *_handoff()])
        return None if answer == 1 else answer.decode()

    def note(self, event_id: str, step: str, detail: str = "") -> None:
        """Adds a line to the event's timeline."""
        line = json.dumps({"at": _at(self._clock()), "step": step, "detail": detail})
        self._redis.rpush(f"bh:timeline:{event_id}", line)

    def get(self, event_id: str) -> Event | None:
        """The event, or None."""
        fields = cast(dict[bytes, bytes], self._redis.hgetall(f"bh:event:{event_id}"))
        return _event(event_id, fields) if b"state" in fields else None

    def timeline(self, event_id: str) -> list[Step]:
        """Every step of the event, oldest first."""
        return [Step(**json.loads(line)) for line in self._redis.lrange(f"bh:timeline:{event_id}", 0, -1)]

    def list(
        self, *, state: str | None = None, connection: str | None = None, newest: int | None = None
    ) -> Iterator[Event]:
        """The stored events of a state and a connection, newest first, read page by page."""
        key = f"bh:events:{state}" if state else f"bh:events:of:{connection}" if connection else "bh:events"
        given = 0
        for event in self._walk(key):
            if connection in (None, event.connection) and state in (None, event.state):
                yield event
                given += 1
                if given == newest:
                    return

    def _walk(self, key: str, page: int = 200) -> Iterator[Event]:
        start = 0
        while ids := cast(list[bytes], self._redis.zrange(key, start, start + page - 1, desc=True)):
            for event_id in ids:
                event = self.get(event_id.decode())
                if event is not None:
                    yield event
            start += page

    def is_any_waiting(self, reason: str, among: int = 200) -> bool:
        """Whether one of the newest waiting events waits for this reason."""
        return any(event.reason == reason for event in self.list(state="waiting", newest=among))

    def counts(self) -> dict[str, int]:
        """How many events are in each state."""
        pipeline = self._redis.pipeline(transaction=False)
        for state in STATES:
            pipeline.zcard(f"bh:events:{state}")
        return dict(zip(STATES, pipeline.execute(), strict=True))

    def backlog(self, organization: str) -> int:
        """How many events of the organization are not finished."""
        return int(self._redis.zcard(f"bh:open:{organization}"))


def new_event_id(now: float) -> str:
    """A new id, sortable by time, of letters, digits and underscores."""
    return f"ev_{int(now * 1000):011x}{secrets.token_hex(6)}"


def _identities(arrival: Arrival) -> list[str]:
    """Digests by which a repeat is recognised: what the sender says identifies it, and what is signed."""
    told = [] if arrival.delivery is None else [("delivery", arrival.delivery.encode())]
    place = (arrival.connection, arrival.topic)
    return [
        hashlib.sha256(json.dumps([*place, kind]).encode() + value).hexdigest()
        for kind, value in (*told, ("body", arrival.body))
    ]


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() not in UNKEPT_HEADERS}


def _handoff() -> tuple[str, str, int]:
    return QUEUE, WORK_EVENT, JOB_TIMEOUT_SECONDS


def _event(event_id: str, fields: dict[bytes, bytes]) -> Event:
    headers = json.loads(fields.get(b"headers", b"{}"))
    body = zlib.decompress(fields[b"body"]) if b"body" in fields else b""
    return event_record(event_id, fields, headers=headers, body=body)


def _at(now: float) -> str:
    return instant(now).isoformat(timespec="milliseconds").replace("+00:00", "Z")

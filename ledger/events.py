"""What became of every event.

bh:event:<event_id>        hash    connection, source, organization, topic, order, version, batch, state, priority,
                                   attempts, failures, received_at,
                                   due_at, reason, error (JSON), lease, process, alone, suspect, crashes, needs,
                                   tickets (JSON), handed, headers (JSON), body (zlib); finished events expire
                                   after BOOKHOOK_RETENTION_DAYS
                                   or only same_as: the id told to a repeat that came while Redis was away
bh:timeline:<event_id>     list    {"at", "step", "detail"} as JSON, the newest 200; expires with its event
bh:seen:<digest>           string  the first event with this identity or this body; expires after the retention
bh:events                  zset    every event by received_at
bh:events:<state>          zset    the events in a state by received_at
bh:events:of:<connection>  zset    the events of a connection by received_at
bh:open:<organization>     zset    the organization's events that are queued, working or waiting, by received_at
bh:batch:<batch>           zset    the events of a batch by received_at; kept for ever
bh:due                     zset    waiting events by due_at
bh:working                 zset    events at work by the end of their lease
bh:process:<process>       set     the events a worker process has at work

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

from ledger.handoff import HANDOFF, QUEUE
from ledger.records import STATES, Event, Step, Trouble, event_record, moment
from ledger.scripts import load

LEASE_SECONDS = 15.0
LOST_JOB_SECONDS = 12.0
MOST_CRASHES = 3
# Another event is at the same document, or a name is looked for once more.
BACK_SOON = frozenset({"busy", "lease_lost", "name_taken"})
POISON = Trouble(
    code="poison",
    message=f"Its worker died {MOST_CRASHES} times while it worked on this event alone.",
    remedy="Report it with the event's id: this event kills workers. The others go on.",
)
# Never needed to understand an event, and best not kept.
UNKEPT_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "connection", "host"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A verified request about to be recorded; `ignored` says why it needs no work, None when it does.

    `event_id` and `received_at` (unix seconds) are its id, made beforehand, and when it came; else both are made when
    it is recorded. `order` is what it is about (`once_per`), and `version` (unix seconds) says how new what it holds of
    the whole order is. `priority` is 1 for what happens now and 2 for history; `batch` names what it came with.
    """

    connection: str
    source: str
    organization: str
    topic: str
    delivery: str | None
    headers: Mapping[str, str]
    body: bytes
    ignored: str | None = None
    event_id: str | None = None
    received_at: float | None = None
    order: str | None = None
    version: float | None = None
    priority: int = 1
    batch: str | None = None


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
        self._hand_back = load(redis, "hand_back")

    def record(self, arrival: Arrival) -> Recorded:
        """Records an arrival once and queues it, in one round trip; a repeat gives the first event's id."""
        return self._record_once(arrival, late="")

    def record_late(self, arrival: Arrival) -> Recorded:
        """As `record`, for an arrival whose sender was told its id before: a repeat's id leads to the first event."""
        return self._record_once(arrival, late="recorded when Redis was back")

    def _record_once(self, arrival: Arrival, *, late: str) -> Recorded:
        now = self._clock()
        received_at = now if arrival.received_at is None else arrival.received_at
        event_id = arrival.event_id or new_event_id(received_at)
        state = "queued" if arrival.ignored is None else "ignored"
        fields = {
            "connection": arrival.connection,
            "source": arrival.source,
            "organization": arrival.organization,
            "topic": arrival.topic,
            "headers": json.dumps(kept_headers(arrival.headers)),
            "body": zlib.compress(arrival.body, 1),
            "priority": arrival.priority,
        }
        told = {"order": arrival.order, "version": arrival.version, "batch": arrival.batch}
        fields |= {name: value for name, value in told.items() if value is not None}
        status, first = self._record(
            keys=[_key(event_id), *(f"bh:seen:{digest}" for digest in identities(arrival))],
            args=[event_id, state, received_at, moment(now), self._retention, *HANDOFF, arrival.ignored or "", now]
            + [moment(received_at), late]
            + [part for pair in fields.items() for part in pair],
        )
        return Recorded("duplicate" if status == b"duplicate" else state, first.decode())

    def begin(self, event_id: str, *, process: str) -> tuple[Event, str] | None:
        """The event and a lease on it for a worker process, if it is to be worked on now; else None."""
        now = self._clock()
        lease = secrets.token_hex(8)
        flat = self._begin(keys=[_key(event_id)], args=[event_id, lease, now, now + LEASE_SECONDS, process])
        if not flat:
            return None
        return _event(event_id, dict(zip(flat[::2], flat[1::2], strict=True))), lease

    def is_suspect(self, event_id: str) -> bool:
        """Whether the event was at work when its worker died, and must be tried alone."""
        return bool(self._redis.hexists(_key(event_id), "suspect"))

    def finish(self, event_id: str, lease: str, state: str, *, detail: str = "", error: Trouble | None = None) -> bool:
        """Ends the work on an event in `state`; False when the lease was lost and nothing changed."""
        return self._move(event_id, lease, state, error=error, detail=detail)

    def wait(self, event_id: str, lease: str, *, seconds: float, trouble: Trouble, failures: int = 0) -> bool:
        """Lets an event wait `seconds` for the trouble to pass, after so many failures; False if the lease was lost."""
        return self._wait(event_id, lease, seconds, trouble, failures=failures)

    def wait_for_turn(self, event_id: str, lease: str, *, needs: int, seconds: float, trouble: Trouble) -> bool:
        """Lets an event wait until its organization can be called `needs` times, about `seconds` from now."""
        return self._wait(event_id, lease, seconds, trouble, needs=needs)

    def _wait(
        self, event_id: str, lease: str, seconds: float, trouble: Trouble, *, needs: int = 0, failures: int = 0
    ) -> bool:
        due_at = self._clock() + seconds
        detail = f"{trouble.message} Next try {'about' if needs else 'at'} {moment(due_at)}."
        return self._move(
            event_id, lease, "waiting", due_at=due_at, error=trouble, detail=detail, needs=needs, failures=failures
        )

    def _move(
        self,
        event_id: str,
        lease: str,
        state: str,
        *,
        error: Trouble | None,
        detail: str,
        due_at: float | None = None,
        needs: int = 0,
        failures: int = 0,
    ) -> bool:
        now = self._clock()
        due = "" if due_at is None else repr(due_at)
        reason, written = (error.code, json.dumps(error.as_json())) if error else ("", "")
        args = [event_id, lease, state, now, moment(now), due, reason, written, detail, self._retention]
        args += [needs or "", failures]
        return bool(self._finish(keys=[_key(event_id)], args=args))

    def hand_back(self, event_id: str, lease: str) -> bool:
        """Gives back an event this process will not finish; False when the lease was lost."""
        return bool(self._hand_back(keys=[_key(event_id)], args=[event_id, lease, moment(self._clock())]))

    def wake(self, most: int = 500) -> list[str]:
        """Gives a turn again to what is due, what a dead worker left and what RQ lost; gives the ids."""
        now = self._clock()
        poison = json.dumps(POISON.as_json())
        args = [now, moment(now), most, QUEUE, LOST_JOB_SECONDS, MOST_CRASHES, poison]
        return [event_id.decode() for event_id in self._wake(args=args)]

    def requeue(self, event_id: str) -> str | None:
        """Gives a parked or waiting event the next turn; None when done, else its state ('' when there is none)."""
        answer = self._requeue(keys=[_key(event_id)], args=[event_id, moment(self._clock())])
        if answer == b"" and (first := self._redis.hget(_key(event_id), "same_as")):
            return self.requeue(cast(bytes, first).decode())
        return None if answer == 1 else answer.decode()

    def note(self, event_id: str, step: str, detail: str = "") -> None:
        """Adds a line to the event's timeline, as long as there is one."""
        line = json.dumps({"at": moment(self._clock()), "step": step, "detail": detail})
        self._redis.rpushx(f"bh:timeline:{event_id}", line)

    def get(self, event_id: str) -> Event | None:
        """The event, or None; the id of a repeat gives the first event."""
        fields = cast(dict[bytes, bytes], self._redis.hgetall(_key(event_id)))
        if b"same_as" in fields:
            return self.get(fields[b"same_as"].decode())
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

    def is_any_back_soon(self, among: int = 200) -> bool:
        """Whether one of the newest waiting events only waits a few seconds, whatever Zoho does."""
        return any(event.reason in BACK_SOON for event in self.list(state="waiting", newest=among))

    def batch(self, name: str) -> Iterator[str]:
        """The ids of a batch's events, oldest first."""
        for event_id in cast(list[bytes], self._redis.zrange(f"bh:batch:{name}", 0, -1)):
            yield event_id.decode()

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


def identities(arrival: Arrival) -> list[str]:
    """Digests by which a repeat is recognised: what the sender says identifies it, and what is signed."""
    told = [] if arrival.delivery is None else [("delivery", arrival.delivery.encode())]
    place = (arrival.connection, arrival.topic)
    return [
        hashlib.sha256(json.dumps([*place, kind]).encode() + value).hexdigest()
        for kind, value in (*told, ("body", arrival.body))
    ]


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers worth keeping, with lower-case names."""
    return {name.lower(): value for name, value in headers.items() if name.lower() not in UNKEPT_HEADERS}


def _key(event_id: str) -> str:
    return f"bh:event:{event_id}"


def _event(event_id: str, fields: dict[bytes, bytes]) -> Event:
    headers = json.loads(fields.get(b"headers", b"{}"))
    body = zlib.decompress(fields[b"body"]) if b"body" in fields else b""
    return event_record(event_id, fields, headers=headers, body=body)

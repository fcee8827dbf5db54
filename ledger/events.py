"""What became of every event.

bh:event:<event_id>        hash    connection, source, organization, topic, order, version, batch, state, priority,
                                   attempts, failures, received_at,
                                   due_at, reason, error (JSON), lease, process, alone, suspect, crashes, needs,
                                   tickets (JSON), handed, headers (JSON), body (zlib); events that have ended expire
                                   after BOOKHOOK_RETENTION_DAYS, and are soon put into the archive (archive.py)
                                   or only same_as: the id told to a repeat that came while Redis was away
bh:timeline:<event_id>     list    {"at", "step", "detail"} as JSON, the newest 200; goes with its event
bh:seen:<16 bytes>         string  the first event with this identity or this body; expires after the retention
bh:events:<connection>:<state>  zset  the events of a connection in a state by received_at
bh:connections             set     every connection that ever had an event
bh:open:<organization>     zset    the organization's events that are queued, working or waiting, by received_at
bh:batch:<batch>           zset    the events of a batch by received_at; kept for ever
bh:due                     zset    waiting events by due_at
bh:working                 zset    events at work by the end of their lease
bh:swept                   string  when jobs that RQ lost were last looked for
bh:process:<process>       set     the events a worker process has at work

Times are unix seconds. Every change of state is one Lua step; each costs the same however many events are stored.
"""

import heapq
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from itertools import islice
from typing import cast

from redis import Redis

from ledger.archive import Archive, pack_body, read
from ledger.arrivals import Arrival, Recorded, identities, kept_headers, new_event_id
from ledger.handoff import HANDOFF, QUEUE
from ledger.records import STATES, Event, Step, Trouble, event_record, moment
from ledger.scripts import load
from ledger.search import digests

LEASE_SECONDS = 15.0
LOST_JOB_SECONDS = 6.0
SWEEP_SECONDS = 1.0
MOST_CRASHES = 3
MOST_IN_A_PAGE = 100
# Another event is at the same document, or a name is looked for once more.
BACK_SOON = frozenset({"busy", "lease_lost", "name_taken"})
POISON = Trouble(
    code="poison",
    message=f"Its worker died {MOST_CRASHES} times while it worked on this event alone.",
    remedy="Report it with the event's id: this event kills workers. The others go on.",
)


class Finished(IntEnum):
    """What ending the work on an event came to."""

    LEASE_LOST = 0  # and nothing was changed
    DONE = 1
    DONE_AND_RESUMED = 2  # its organization was paused, and is not any more


class Events:
    """The record of every event, and the hand-off to RQ."""

    def __init__(self, redis: Redis, archive: Archive, *, clock: Callable[[], float], retention_days: int) -> None:
        self._redis = redis
        self._archive = archive
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
            "body": pack_body(arrival.body),
            "priority": arrival.priority,
        }
        told = {"order": arrival.order, "version": arrival.version, "batch": arrival.batch}
        fields |= {name: value for name, value in told.items() if value is not None}
        status, first = self._record(
            keys=[_key(event_id), *(b"bh:seen:" + digest for digest in identities(arrival))],
            args=[event_id, state, received_at, moment(now), self._retention, *HANDOFF, arrival.ignored or "", now]
            + [moment(received_at), late, arrival.connection, arrival.organization]
            + ["" if value is None else value for value in told.values()]
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
        return event_record(event_id, read(dict(zip(flat[::2], flat[1::2], strict=True)))), lease

    def is_suspect(self, event_id: str) -> bool:
        """Whether the event was at work when its worker died, and must be tried alone."""
        return bool(self._redis.hexists(_key(event_id), "suspect"))

    def finish(
        self,
        event_id: str,
        lease: str,
        state: str,
        *,
        detail: str = "",
        error: Trouble | None = None,
        terms: Iterable[str] = (),
    ) -> Finished:
        """Ends the work on an event in `state`; from then on it is found by the terms.

        Unless there is an error, its organization could be worked for, which ends a pause.
        """
        return self._move(event_id, lease, state, error=error, detail=detail, terms=terms)

    def wait(
        self,
        event_id: str,
        lease: str,
        *,
        seconds: float,
        trouble: Trouble,
        failures: int = 0,
        needs: int = 0,
        terms: Iterable[str] = (),
    ) -> Finished:
        """Lets an event wait `seconds` for the trouble to pass, after so many failures.

        One that `needs` calls waits for its turn instead, until its organization can be called so often: that is about
        `seconds` from now.
        """
        due_at = self._clock() + seconds
        detail = f"{trouble.message} Next try {'about' if needs else 'at'} {moment(due_at)}."
        return self._move(
            event_id,
            lease,
            "waiting",
            due_at=due_at,
            error=trouble,
            detail=detail,
            needs=needs,
            failures=failures,
            terms=terms,
        )

    def _move(
        self,
        event_id: str,
        lease: str,
        state: str,
        *,
        error: Trouble | None,
        detail: str,
        terms: Iterable[str],
        due_at: float | None = None,
        needs: int = 0,
        failures: int = 0,
    ) -> Finished:
        now = self._clock()
        due = "" if due_at is None else repr(due_at)
        reason, written = (error.code, json.dumps(error.as_json())) if error else ("", "")
        args = [event_id, lease, state, now, moment(now), due, reason, written, detail, self._retention]
        args += [needs or "", failures, "" if error else 1, *digests(terms)]
        return Finished(int(self._finish(keys=[_key(event_id)], args=args)))

    def hand_back(self, event_id: str, lease: str) -> bool:
        """Gives back an event this process will not finish; False when the lease was lost."""
        return bool(self._hand_back(keys=[_key(event_id)], args=[event_id, lease, moment(self._clock())]))

    def wake(self, most: int = 500) -> list[str]:
        """Gives a turn again to what is due, what a dead worker left and what RQ lost; gives the ids."""
        now = self._clock()
        poison = json.dumps(POISON.as_json())
        args = [now, moment(now), most, QUEUE, LOST_JOB_SECONDS, MOST_CRASHES, poison, SWEEP_SECONDS]
        return [event_id.decode() for event_id in self._wake(args=args)]

    def requeue(self, event_id: str) -> str | None:
        """Gives a parked or waiting event the next turn; None when done, else its state ('' when there is none)."""
        self._archive.restore(event_id)
        answer = self._requeue(keys=[_key(event_id)], args=[event_id, moment(self._clock())])
        if answer == b"" and (first := self._redis.hget(_key(event_id), "same_as")):
            return self.requeue(cast(bytes, first).decode())
        return None if answer == 1 else answer.decode()

    def note(self, event_id: str, step: str, detail: str = "") -> None:
        """Adds a line to the event's timeline, as long as there is one."""
        line = json.dumps({"at": moment(self._clock()), "step": step, "detail": detail})
        if not self._redis.rpushx(f"bh:timeline:{event_id}", line) and self._archive.restore(event_id):
            self._redis.rpushx(f"bh:timeline:{event_id}", line)

    def get(self, event_id: str) -> Event | None:
        """The event, or None; the id of a repeat gives the first event."""
        [stored] = self._archive.stored([event_id])
        if "same_as" in stored.fields:
            return self.get(stored.fields["same_as"])
        return event_record(event_id, stored) if stored.fields else None

    def timeline(self, event_id: str) -> list[Step]:
        """Every step of the event, oldest first."""
        [stored] = self._archive.stored([event_id])
        return [Step(**step) for step in stored.steps]

    def list(
        self, *, state: str | None = None, connection: str | None = None, newest: int | None = None
    ) -> Iterator[Event]:
        """The stored events of a state and a connection, newest first, read page by page."""
        connections, states = [connection] if connection else self._connections(), [state] if state else STATES
        page = min(newest or MOST_IN_A_PAGE, MOST_IN_A_PAGE)
        walks = [self._walk(f"bh:events:{name}:{each}", page) for name in connections for each in states]
        newest_first = heapq.merge(*walks, key=lambda found: found[0], reverse=True)
        return islice((event for _, event in newest_first), newest)

    def _connections(self) -> Sequence[str]:
        known = cast("set[bytes]", self._redis.smembers("bh:connections"))
        return sorted(name.decode() for name in known)

    def _walk(self, key: str, page: int) -> Iterator[tuple[float, Event]]:
        """The events of a list with their ranks, newest first."""
        start = 0
        while ranked := cast(
            "list[tuple[bytes, float]]", self._redis.zrange(key, start, start + page - 1, desc=True, withscores=True)
        ):
            stored = self._archive.stored([event_id.decode() for event_id, _ in ranked])
            for (event_id, rank), each in zip(ranked, stored, strict=True):
                if each.fields:
                    yield rank, event_record(event_id.decode(), each)
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
        connections = self._connections()
        keys = [(state, f"bh:events:{name}:{state}") for state in STATES for name in connections]
        with self._redis.pipeline(transaction=False) as pipeline:
            for _, key in keys:
                pipeline.zcard(key)
            sizes = pipeline.execute()
        counts = dict.fromkeys(STATES, 0)
        for (state, _), size in zip(keys, sizes, strict=True):
            counts[state] += size
        return counts

    def backlog(self, organization: str) -> int:
        """How many events of the organization are not finished."""
        return int(self._redis.zcard(f"bh:open:{organization}"))


def _key(event_id: str) -> str:
    return f"bh:event:{event_id}"

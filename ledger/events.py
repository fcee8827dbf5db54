"""What became of every event.

bh:event:<event_id>        hash    connection, source, organization, topic, order, version, batch, state, priority,
                                   attempts, failures, received_at, replayed,
                                   due_at, reason, error (JSON), lease, process, alone, suspect, crashes,
                                   shared_crashes, needs, tickets (JSON), handed, headers (JSON), body (zlib),
                                   fetched (zlib; fetched.py);
                                   events that have ended expire after BOOKHOOK_RETENTION_DAYS, and are soon put into
                                   the archive (archive.py)
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

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import cast

from redis import Redis
from redis.exceptions import ResponseError

from ledger.answers import names
from ledger.archive import Archive, pack_body, read
from ledger.arrivals import Arrival, Recorded, identities, kept_headers, new_event_id
from ledger.calls import Calls
from ledger.handoff import HANDOFF, PEOPLE, QUEUE, REPLAYS
from ledger.lists import Lists
from ledger.records import SEEN_TO, Event, Step, Trouble, event_record, moment
from ledger.scripts import Batch, Call, load
from ledger.search import digests

LEASE_SECONDS = 15.0
LOST_JOB_SECONDS = 6.0
SWEEP_SECONDS = 1.0
MOST_CRASHES = 3
# Most of those that are at work when a process dies have nothing to do with it.
MOST_SHARED_CRASHES = 2
# Another event is at the same document, or a name is looked for once more.
BACK_SOON = frozenset({"busy", "lease_lost", "name_taken"})
POISON = Trouble(
    code="poison",
    message=f"Its worker died {MOST_CRASHES} times while it worked on this event alone.",
    remedy="Report it with the event's id: this event kills workers. The others go on.",
)


class Suspect(Exception):
    """Raised when an event may have killed its worker, and must be tried alone."""


class Finished(IntEnum):
    """What ending the work on an event came to."""

    LEASE_LOST = 0  # and nothing was changed
    DONE = 1
    DONE_AND_RESUMED = 2  # its organization was paused, and is not any more


class Events(Lists):
    """The record of every event, their lists, and the hand-off to RQ."""

    def __init__(
        self, redis: Redis, archive: Archive, calls: Calls, *, clock: Callable[[], float], retention_days: int
    ) -> None:
        super().__init__(redis, archive)
        self._calls = calls
        self._clock = clock
        self._retention = retention_days * 86400
        self._record = Batch(redis, "record")
        self._begin = load(redis, "begin")
        self._finish = load(redis, "finish")
        self._wake = load(redis, "wake")
        self._requeue = load(redis, "requeue")
        self._replay = load(redis, "replay")
        self._hand_back = load(redis, "hand_back")

    def record(self, arrival: Arrival) -> Recorded:
        """Records an arrival once and queues it; a repeat gives the first event's id."""
        return _or_raise(self.record_all([arrival])[0])

    def record_all(self, arrivals: Sequence[Arrival]) -> "list[Recorded | ResponseError]":
        """Records each arrival as `record` does, all in one round trip; where Redis refuses one, its error."""
        return self._record_each(arrivals, late="")

    def record_late(self, arrival: Arrival) -> Recorded:
        """As `record`, for an arrival whose sender was told its id before: a repeat's id leads to the first event."""
        return _or_raise(self._record_each([arrival], late="recorded when Redis was back")[0])

    def _record_each(self, arrivals: Sequence[Arrival], *, late: str) -> "list[Recorded | ResponseError]":
        now = self._clock()
        answers = self._record([self._record_call(arrival, now, late) for arrival in arrivals])
        return [_recorded(arrival, answer) for arrival, answer in zip(arrivals, answers, strict=True)]

    def _record_call(self, arrival: Arrival, now: float, late: str) -> Call:
        received_at = now if arrival.received_at is None else arrival.received_at
        event_id = arrival.event_id or new_event_id(received_at)
        fields: dict[str, str | bytes | int | float] = {
            "connection": arrival.connection,
            "source": arrival.source,
            "organization": arrival.organization,
            "topic": arrival.topic,
            "headers": json.dumps(kept_headers(arrival.headers)),
            "body": pack_body(arrival.body),
            "priority": arrival.priority,
        }
        told: dict[str, str | float | None]
        told = {"order": arrival.order, "version": arrival.version, "batch": arrival.batch}
        fields |= {name: value for name, value in told.items() if value is not None}
        seen = identities(replace(arrival, event_id=event_id))
        keys: list[str | bytes] = [_key(event_id), *(b"bh:seen:" + digest for digest in seen)]
        return keys, [
            *(event_id, arrival.state, received_at, moment(now), self._retention, *HANDOFF, arrival.ignored or "", now),
            *(moment(received_at), late, arrival.connection, arrival.organization),
            *("" if value is None else value for value in told.values()),
            *(part for pair in fields.items() for part in pair),
        ]

    def is_seen(self, arrival: Arrival) -> bool:
        """Whether it would be a repeat."""
        keys = [b"bh:seen:" + digest for digest in identities(arrival)]
        return bool(keys) and bool(self._redis.exists(*keys))

    def begin(self, event_id: str, *, process: str, in_company: bool = False) -> tuple[Event, str] | None:
        """The event and a lease on it for a worker process, if it is to be worked on now; else None.

        Raises Suspect when others may be at work `in_company` with one that must be tried alone.
        """
        now = self._clock()
        lease = secrets.token_hex(8)
        args = [event_id, lease, now, now + LEASE_SECONDS, process, 1 if in_company else ""]
        begun = self._begin(keys=[_key(event_id)], args=args)
        if not begun:
            return None
        if begun == b"suspect":
            raise Suspect
        flat, answers = begun
        event = event_record(event_id, read(dict(zip(flat[::2], flat[1::2], strict=True))))
        return replace(event, answers=names(answers)) if answers else event, lease

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
        args += [needs or "", failures, "" if error else 1, *self._calls.take(event_id), *digests(terms)]
        return Finished(int(self._finish(keys=[_key(event_id)], args=args)))

    def hand_back(self, event_id: str, lease: str) -> bool:
        """Gives back an event this process will not finish; False when the lease was lost."""
        args = [event_id, lease, moment(self._clock()), *self._calls.take(event_id)]
        return bool(self._hand_back(keys=[_key(event_id)], args=args))

    def wake(self, most: int = 500) -> list[str]:
        """Gives a turn again to what is due, what a dead worker left and what RQ lost; gives the ids."""
        now = self._clock()
        poison = json.dumps(POISON.as_json())
        args = [now, moment(now), most, QUEUE, LOST_JOB_SECONDS]
        args += [MOST_CRASHES, poison, SWEEP_SECONDS, MOST_SHARED_CRASHES]
        return [event_id.decode() for event_id in self._wake(args=args)]

    def requeue(self, event_id: str, *, refetch: bool = False, priority: int = PEOPLE) -> str | None:
        """Gives a parked or waiting event the next turn; None when done, else its state ('' when there is none).

        With `refetch` what was fetched for it is forgotten.
        """
        self._archive.restore(event_id)
        args = [event_id, moment(self._clock()), int(refetch), priority]
        answer = self._requeue(keys=[_key(event_id)], args=args)
        if answer == b"" and (first := self._redis.hget(_key(event_id), "same_as")):
            return self.requeue(cast(bytes, first).decode(), refetch=refetch, priority=priority)
        return None if answer == 1 else answer.decode()

    def replay(self, event_id: str) -> str | None:
        """Gives an event that has ended a turn behind what comes in; None when done.

        Else its state ('' when there is none). What a person has seen to by hand is left alone: `seen to by hand`.
        """
        if any(step.step == "ignored" and step.detail.startswith(SEEN_TO) for step in self.timeline(event_id)):
            return "seen to by hand"
        self._archive.restore(event_id)
        answer = self._replay(keys=[_key(event_id)], args=[event_id, moment(self._clock()), REPLAYS])
        return None if answer == 1 else answer.decode()

    def name_order(self, event_id: str, order: str) -> None:
        """Says what an event is about where the door could not know."""
        self._redis.hset(_key(event_id), "order", order)

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

    def is_any_back_soon(self, among: int = 200) -> bool:
        """Whether one of the newest waiting events only waits a few seconds, whatever Zoho does."""
        return any(event.reason in BACK_SOON for event in self.list(state="waiting", newest=among))

    def batch(self, name: str) -> Iterator[str]:
        """The ids of a batch's events, oldest first."""
        for event_id in cast(list[bytes], self._redis.zrange(f"bh:batch:{name}", 0, -1)):
            yield event_id.decode()

    def backlog(self, organization: str) -> int:
        """How many events of the organization are not finished."""
        return int(self._redis.zcard(f"bh:open:{organization}"))


def _recorded(arrival: Arrival, answer: "list[bytes] | ResponseError") -> "Recorded | ResponseError":
    if isinstance(answer, ResponseError):
        return answer
    status, first = answer
    return Recorded("duplicate" if status == b"duplicate" else arrival.state, first.decode())


def _or_raise(found: "Recorded | ResponseError") -> Recorded:
    if isinstance(found, ResponseError):
        raise found
    return found


def _key(event_id: str) -> str:
    return f"bh:event:{event_id}"

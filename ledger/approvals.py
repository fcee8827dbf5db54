"""What people decided about events that may not go on without them.

bh:approval:<event_id>  hash  submitted_by and submitters (JSON lists: as written, and as compared), summary, held_at;
                              once decided: verdict, decided_by (JSON list), note, decided_at; kept for ever
bh:message:<event_id>   string  what names the message that asks approvers at the sender (JSON); kept for the retention
bh:decided              zset  events that were decided, by when; the newest 10,000

Times are unix seconds.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from redis import Redis

from drafts import Verdict
from ledger.archive import Archive
from ledger.calls import Calls
from ledger.records import instant, moment
from ledger.scripts import load

LONGEST_NOTE = 500
# Characters that nobody sees, besides those of the category of formats: joiners, fillers, selectors of variations.
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
DONE = {"approve": "approved", "reject": "rejected"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What was asked, and what was decided: `verdict` is None until then. Names are as they were given."""

    submitted_by: tuple[str, ...]
    summary: str
    held_at: datetime
    verdict: Verdict | None = None
    decided_by: tuple[str, ...] = ()
    note: str | None = None
    decided_at: datetime | None = None

    def in_words(self) -> str:
        """`approved by mara at 2026-03-14T09:00:00Z: within budget`; who is called by the last name given."""
        if self.verdict is None or self.decided_at is None:
            return f"waits for approval since {self.held_at:%Y-%m-%dT%H:%M:%SZ}"
        note = f": {self.note}" if self.note else ""
        return f"{DONE[self.verdict]} by {self.decided_by[-1]} at {self.decided_at:%Y-%m-%dT%H:%M:%SZ}{note}"

    def as_json(self) -> dict[str, object]:
        """The shape `show --json` gives."""
        return {
            "submitted_by": list(self.submitted_by),
            "summary": self.summary,
            "held_at": moment(self.held_at.timestamp()),
            "verdict": self.verdict,
            "decided_by": list(self.decided_by),
            "note": self.note,
            "decided_at": moment(self.decided_at.timestamp()) if self.decided_at else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a decision came to: `obstacle` is None when it counts, else why it does not, as a sentence."""

    event_id: str
    obstacle: str | None
    approval: Approval | None


class Approvals:
    """Events that wait for a person's word, and every word that was given."""

    def __init__(
        self, redis: Redis, archive: Archive, calls: Calls, *, clock: Callable[[], float], retention_days: int
    ) -> None:
        self._redis = redis
        self._archive = archive
        self._calls = calls
        self._clock = clock
        self._retention = retention_days * 86400
        self._hold = load(redis, "hold")
        self._decide = load(redis, "decide")

    def hold(self, event_id: str, lease: str, *, submitted_by: Iterable[str], summary: str) -> bool:
        """Ends the work on an event until a person decides; False when the lease was lost and nothing changed."""
        now, names = self._clock(), tuple(submitted_by)
        args = [event_id, lease, now, moment(now), _compared(names), json.dumps(names), summary]
        return bool(self._hold(keys=_keys(event_id), args=[*args, *self._calls.take(event_id)]))

    def decide(
        self, event_id: str, *, verdict: Verdict, by: Iterable[str], note: str | None = None, connection: str = ""
    ) -> Decided:
        """Writes a verdict down and acts on it: approved, the event is queued before all others; rejected, it ends.

        Only the first verdict counts, and never that of a submitter (any of the names in `by` is one of theirs,
        however it is spelt). With `connection`, events of others are unknown. An id of a repeat means the first event.
        """
        event_id, now, names = self._first(event_id), self._clock(), tuple(by)
        self._archive.restore(event_id)
        note = " ".join((note or "").split())[:LONGEST_NOTE]
        line = f"by {names[-1]}{f': {note}' if note else ''}"
        args = [event_id, verdict, _compared(names), json.dumps(names), note, now, moment(now), self._retention]
        obstacle = cast(bytes, self._decide(keys=_keys(event_id), args=[*args, line, connection])).decode()
        approval = None if obstacle == "unknown" else self.get(event_id)
        return Decided(event_id=event_id, obstacle=_sentence(obstacle, event_id, approval), approval=approval)

    def get(self, event_id: str) -> Approval | None:
        """What was asked and decided of an event; None if nobody was ever asked."""
        fields = cast(Mapping[bytes, bytes], self._redis.hgetall(f"bh:approval:{event_id}"))
        return _approval(_texts(fields)) if fields else None

    def of_each(self, event_ids: Iterable[str]) -> dict[str, Approval]:
        """What was asked and decided of those events of which anybody was ever asked, in one round trip."""
        asked = list(event_ids)
        with self._redis.pipeline(transaction=False) as pipeline:
            for event_id in asked:
                pipeline.hgetall(f"bh:approval:{event_id}")
            found = cast("list[Mapping[bytes, bytes]]", pipeline.execute())
        return {event_id: _approval(_texts(fields)) for event_id, fields in zip(asked, found, strict=True) if fields}

    def keep_message(self, event_id: str, named: Mapping[str, str]) -> None:
        """Keeps what names the message that asks about an event."""
        self._redis.set(f"bh:message:{event_id}", json.dumps(dict(named)), ex=self._retention)

    def message(self, event_id: str) -> dict[str, str] | None:
        """What names the message that asks about an event; None if nobody was asked, or long ago."""
        kept = cast("bytes | None", self._redis.get(f"bh:message:{event_id}"))
        return None if kept is None else cast("dict[str, str]", json.loads(kept))

    def decided(self, newest: int) -> Iterator[tuple[str, Approval]]:
        """What was decided last, the newest first, by event."""
        ids = cast("list[bytes]", self._redis.zrange("bh:decided", 0, newest - 1, desc=True))
        yield from self.of_each(event_id.decode() for event_id in ids).items()

    def _first(self, event_id: str) -> str:
        first = cast(bytes | None, self._redis.hget(f"bh:event:{event_id}", "same_as"))
        return first.decode() if first else event_id


def is_same_person(names: Iterable[str], others: Iterable[str]) -> bool:
    """Whether one of the names is one of the others, as a decider's and a submitter's are compared."""
    return not {_plain(name) for name in names}.isdisjoint(map(_plain, others))


def _keys(event_id: str) -> list[str]:
    return [f"bh:event:{event_id}", f"bh:approval:{event_id}"]


def _compared(names: Iterable[str]) -> str:
    return json.dumps([_plain(name) for name in names])


def _plain(name: str) -> str:
    """The name as it is compared: in whatever case, spelling of its letters, spaces and invisible characters."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    seen = "".join(each for each in INVISIBLE.sub("", folded) if unicodedata.category(each) != "Cf")
    return " ".join(seen.split())


def _texts(fields: Mapping[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in fields.items()}


def _sentence(obstacle: str, event_id: str, approval: Approval | None) -> str | None:
    if obstacle == "":
        return None
    if obstacle == "unknown":
        return f"There is no event {event_id}."
    if obstacle == "own":
        return "Nobody decides about an expense of their own."
    if obstacle == "decided" and approval is not None:
        return f"It was already {approval.in_words()}."
    return f"It is {obstacle.replace('_', ' ')}; only what waits for approval can be decided."


def _approval(fields: Mapping[str, str]) -> Approval:
    known: dict[str, Any] = {
        "submitted_by": tuple(json.loads(fields["submitted_by"])),
        "summary": fields["summary"],
        "held_at": instant(fields["held_at"]),
    }
    if "verdict" in fields:
        known["verdict"] = fields["verdict"]
        known["decided_by"] = tuple(json.loads(fields["decided_by"]))
        known["note"] = fields["note"] or None
        known["decided_at"] = instant(fields["decided_at"])
    return Approval(**known)

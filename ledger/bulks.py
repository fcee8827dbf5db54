"""What a person has done about many events at once, and how far it has come.

bh:bulk:<id>           hash    deed, chosen (JSON), by, note, state, same, at, ended_at, cancelled_by, looked (how many
                               were looked at while choosing), done
bh:bulk:<id>:left      zset    the events it has not come to, by received_at; a copy taken as it began
bh:bulk:<id>:refused   hash    how many events nothing was done about, by the reason
bh:bulk:<id>:worker    string  the process that goes on with it; expires after LEASE_SECONDS
bh:bulk:same:<digest>  string  the id of the one that is being done of the same deed and events
bh:bulks               zset    ids by when they began
bh:bulks:going         set     ids of those that are not over

choosing ──► running ──► done        An event leaves `left` in the step that counts what came of it (tally_bulk.lua):
    └───────────┴──────► cancelled   whoever dies at it loses none, and none is counted twice.

Times are unix seconds. What is over is kept for BOOKHOOK_RETENTION_DAYS.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast

from redis import Redis

from ledger.lists import Lists, Which
from ledger.records import moment
from ledger.scripts import load

Deed = Literal["retry", "end", "replay"]
LEASE_SECONDS = 30
_ID = re.compile(r"bk_[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The events a bulk is for: those of a state that were there as it began.

    Of a connection, received `since` and before `until` (unix seconds), with a document of that `kind`, with what is
    wrong by its key in failures.py; None: any.
    """

    state: str
    connection: str | None = None
    since: float | None = None
    until: float | None = None
    kind: str | None = None
    failure: str | None = None

    @property
    def which(self) -> Which:
        """The lists they are on."""
        return Which(state=self.state, connection=self.connection, since=self.since, until=self.until)

    @property
    def needs_sifting(self) -> bool:
        """Whether the lists hold others, too."""
        return self.kind is not None or self.failure is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """One deed on many events, as far as it has come; `refused` counts events by why nothing was done about them."""

    id: str
    deed: Deed
    chosen: Chosen
    by: str
    note: str
    state: str
    at: str
    ended_at: str | None = None
    cancelled_by: str | None = None
    looked: int = 0
    done: int = 0
    left: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done."""
        return self.state in ("done", "cancelled")

    @property
    def total(self) -> int:
        """How many events it is for; while they are chosen, at most."""
        return self.done + sum(self.refused.values()) + self.left

    def as_json(self) -> dict[str, Any]:
        """The shape that pages show."""
        facts = {name: getattr(self, name) for name in self.__slots__}
        facts |= {"chosen": asdict(self.chosen), "refused": dict(self.refused)}
        return {**facts, "total": self.total, "is_over": self.is_over}


class Bulks:
    """Every deed on many events."""

    def __init__(self, redis: Redis, lists: Lists, *, clock: Callable[[], float], retention_days: int) -> None:
        self._redis = redis
        self._lists = lists
        self._clock = clock
        self._retention = retention_days * 86400
        self._start = load(redis, "start_bulk")
        self._sift = load(redis, "sift_bulk")
        self._tally = load(redis, "tally_bulk")
        self._cancel = load(redis, "cancel_bulk")

    def start(self, deed: Deed, chosen: Chosen, *, by: str, note: str = "") -> tuple[str, bool]:
        """The id of the bulk, and whether it is new: False when the same is being done already."""
        written, bulk_id = json.dumps(asdict(chosen)), f"bk_{secrets.token_hex(8)}"
        same = hashlib.sha256(f"{deed} {written}".encode()).hexdigest()[:16]
        state = "choosing" if chosen.needs_sifting else "running"
        keys = self._lists.keys(chosen.which)
        fields = {"deed": deed, "chosen": written, "by": by, "note": note}
        args = [bulk_id, same, self._clock(), self._retention, *chosen.which.bounds, state, len(keys), *keys]
        going, is_new = self._start(args=[*args, *(part for pair in fields.items() for part in pair)])
        return going.decode(), bool(is_new)

    def cancel(self, bulk_id: str, *, by: str) -> bool:
        """Ends it where it has come to; False when it is over, or was never there."""
        return bool(self._cancel(args=[bulk_id, by, self._clock(), self._retention]))

    def get(self, bulk_id: str) -> Bulk | None:
        """The bulk as far as it has come, or None."""
        if not _ID.fullmatch(bulk_id):  # an address may name any key
            return None
        key = f"bh:bulk:{bulk_id}"
        with self._redis.pipeline() as pipeline:
            pipeline.hgetall(key)
            pipeline.hgetall(f"{key}:refused")
            pipeline.zcard(f"{key}:left")
            fields, refused, left = pipeline.execute()
        return _bulk(bulk_id, _texts(fields), _texts(refused), left) if fields else None

    def newest(self, most: int) -> list[Bulk]:
        """The newest so many, newest first."""
        ids = cast("list[bytes]", self._redis.zrange("bh:bulks", 0, most - 1, desc=True))
        return [bulk for bulk_id in ids if (bulk := self.get(bulk_id.decode()))]

    def take(self, process: str) -> list[Bulk]:
        """Those that are not over and that no other process goes on with, oldest first; they are this one's then."""
        going = cast("set[bytes]", self._redis.smembers("bh:bulks:going"))
        taken = [
            bulk
            for bulk_id in going
            if self._is_mine(bulk_id.decode(), process) and (bulk := self.get(bulk_id.decode()))
        ]
        return sorted(taken, key=lambda bulk: bulk.at)

    def _is_mine(self, bulk_id: str, process: str) -> bool:
        """Whether the process may go on with it; two that think so count everything once, all the same."""
        key = f"bh:bulk:{bulk_id}:worker"
        if self._redis.set(key, process, nx=True, ex=LEASE_SECONDS):
            return True
        return self._redis.get(key) == process.encode() and bool(self._redis.expire(key, LEASE_SECONDS))

    def piece(self, bulk: Bulk, most: int) -> Sequence[str]:
        """The events that are next: to be looked at while choosing, else to be done."""
        first = bulk.looked if bulk.state == "choosing" else 0
        found = cast("list[bytes]", self._redis.zrange(f"bh:bulk:{bulk.id}:left", first, first + most - 1))
        return [event_id.decode() for event_id in found]

    def sift(self, bulk: Bulk, piece: Sequence[str], fit: Sequence[str]) -> None:
        """Keeps those of a piece that fit; after the last piece the doing begins."""
        unfit = sorted(set(piece) - set(fit))
        stay = len(piece) - len(unfit)
        self._sift(args=[bulk.id, bulk.looked, bulk.left, stay, self._clock(), self._retention, *unfit])

    def tally(self, bulk: Bulk, outcomes: Mapping[str, str | None]) -> None:
        """Counts what came of events: None, or why nothing was done."""
        told = [part for event_id, reason in outcomes.items() for part in (event_id, reason or "")]
        self._tally(args=[bulk.id, self._clock(), self._retention, *told])


def _bulk(bulk_id: str, fields: Mapping[str, str], refused: Mapping[str, str], left: int) -> Bulk:
    return Bulk(
        id=bulk_id,
        deed=cast(Deed, fields["deed"]),
        chosen=Chosen(**json.loads(fields["chosen"])),
        by=fields["by"],
        note=fields["note"],
        state=fields["state"],
        at=moment(float(fields["at"])),
        ended_at=moment(float(fields["ended_at"])) if "ended_at" in fields else None,
        cancelled_by=fields.get("cancelled_by"),
        looked=int(fields["looked"]),
        done=int(fields["done"]),
        left=left,
        refused={reason: int(count) for reason, count in refused.items()},
    )


def _texts(flat: Mapping[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in flat.items()}

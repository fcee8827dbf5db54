"""What arrives at the door, before it is an event: how it is named, and by what a repeat is recognised."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

DIGITS = "0123456789abcdefghijklmnopqrstuv"
# Never needed to understand an event, and best not kept.
UNKEPT_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "connection", "host"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A verified request about to be recorded; `ignored` says why it needs no work, None when it does.

    `event_id` and `received_at` (unix seconds) are its id, made beforehand, and when it came; else both are made when
    it is recorded. `order` is what it is about (`once_per`), and `version` (unix seconds) says how new what it holds of
    the whole order is. `priority` is 1 for what happens now and 2 for history; `batch` names what it came with.
    One that `may_recur` is an event of its own each time.
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
    may_recur: bool = False

    @property
    def state(self) -> str:
        """The state it is recorded in: queued or ignored."""
        return "queued" if self.ignored is None else "ignored"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording came to: `status` is queued, ignored or duplicate (then the first event's id)."""

    status: str
    event_id: str


def new_event_id(now: float) -> str:
    """A new id, sortable by time: milliseconds and 40 random bits, to the base of 32."""
    return f"ev_{_digits(int(now * 1000), 9)}{_digits(secrets.randbits(40), 8)}"


def _digits(number: int, count: int) -> str:
    return "".join(DIGITS[number >> 5 * place & 31] for place in reversed(range(count)))


def identities(arrival: Arrival) -> list[bytes]:
    """Digests by which a repeat is recognised: what the sender says identifies it, and what is signed.

    One that may recur is known by its event's id alone, if it is recorded a second time.
    """
    kind, name = ("event", arrival.event_id) if arrival.may_recur else ("delivery", arrival.delivery)
    told = [] if name is None else [(kind, name.encode())]
    told += [] if arrival.may_recur else [("body", arrival.body)]
    place = (arrival.connection, arrival.topic)
    return [hashlib.sha256(json.dumps([*place, kind]).encode() + value).digest()[:16] for kind, value in told]


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers worth keeping, with lower-case names."""
    return {name.lower(): value for name, value in headers.items() if name.lower() not in UNKEPT_HEADERS}

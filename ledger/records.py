"""What the ledger hands out: events, documents and steps, as frozen values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from errors import Question
from ledger.archive import Stored

# How the timeline of an event begins to tell that a person ended it.
SEEN_TO = "seen to by"
STATES = ("queued", "working", "waiting", "awaiting_approval", "parked", "posted", "ignored", "rejected")


def instant(seconds: str | bytes | float) -> datetime:
    """The aware UTC time of unix `seconds`."""
    return datetime.fromtimestamp(float(seconds), UTC)


def moment(seconds: float) -> str:
    """Unix `seconds` as people and JSON read them: `2026-01-31T09:00:00.123Z`."""
    return instant(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def second(at: datetime) -> str:
    """The instant, to the second, as people and JSON read it: `2026-01-31T09:00:00Z`."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why an event is parked or waits: for a person, in words."""

    code: str
    message: str
    remedy: str | None = None
    field: str | None = None
    question: Question | None = None

    def as_json(self) -> dict[str, Any]:
        """The shape `show --json` promises."""
        question = {"about": self.question.about, "word": self.question.word} if self.question else None
        return {
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "field": self.field,
            "question": question,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One accepted webhook; `headers` have lower-case names, `body` is what was signed, `fetched` (JSON) is what the
    sender's API answered about it, all gone after retention.

    `tickets` are the calls reserved for it; a `suspect` may have killed its worker, and is tried alone;
    one that `is_replayed` had ended and was asked for again by a person;
    `failures` counts the tries that failed in a row without a time to come again. `order` is what it is about,
    `version` (unix seconds) how new what it holds of the whole order is, `batch` what it came with. Of one whose work
    begins, `answers` are what people said about its connection (answers.py).
    """

    event_id: str
    connection: str
    source: str
    organization: str
    topic: str
    state: str
    attempts: int
    received_at: datetime
    due_at: datetime | None = None
    reason: str | None = None
    error: Trouble | None = None
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    fetched: str | None = field(default=None, repr=False)
    tickets: tuple[str, ...] = ()
    suspect: bool = False
    is_replayed: bool = False
    failures: int = 0
    order: str | None = None
    version: float | None = None
    batch: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def as_json(self) -> dict[str, Any]:
        """The shape `events --json` and the head of `show --json` promise."""
        return {
            "event_id": self.event_id,
            "connection": self.connection,
            "source": self.source,
            "topic": self.topic,
            "state": self.state,
            "attempts": self.attempts,
            "received_at": second(self.received_at),
            "due_at": second(self.due_at) if self.due_at else None,
            "error": self.error.as_json() if self.error else None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRecord:
    """What is known of one document.

    `state`: new (claimed, nothing sent) → posting (intention written) → posted | unknown; posted → undoing → undone,
    and `new` again, in the next generation, when a person retries. `send_deadline` (unix seconds) is when the last try
    can no longer reach Zoho. `money` is a digest of every amount in the draft, `order` the order that a payment or
    credit note is of, `posted_at` in unix seconds. Where Zoho's total is not the sender's, `accepted_total` is one that
    a person, `accepted_by`, takes as right. `taken_names` are a contact's names that Zoho refused as taken, `taken_at`
    is when Zoho last refused one, or first refused a document's marker.
    """

    business_key: str
    kind: str
    state: str
    generation: int
    event_id: str
    frozen_body: str | None = None
    send_deadline: float | None = None
    zoho_id: str | None = None
    number: str | None = None
    total: Decimal | None = None
    control_total: Decimal | None = None
    tax_total: Decimal | None = None
    control_tax: Decimal | None = None
    tax_leeway: Decimal | None = None
    currency_code: str | None = None
    money: str | None = None
    url: str | None = None
    origin: str | None = None
    taken_names: tuple[str, ...] = ()
    taken_at: float | None = None
    version: float | None = None
    order: str | None = None
    organization: str | None = None
    customer_id: str | None = None
    posted_at: float | None = None
    accepted_total: Decimal | None = None
    accepted_by: str | None = None

    @property
    def totals_agree(self) -> bool:
        """Whether Zoho's total is the sender's, and its tax within the leeway; true where there is none to compare.

        A total that a person accepted is right as long as Zoho's stays what it was.
        """
        if self.control_total is None or (self.accepted_total is not None and self.total == self.accepted_total):
            return True
        return self.total == self.control_total and self.taxes_agree

    @property
    def taxes_agree(self) -> bool:
        """Whether Zoho's tax is the sender's, give or take the leeway; true where there is none to compare."""
        if self.control_tax is None or self.tax_total is None:
            return True
        return abs(self.tax_total - self.control_tax) <= (self.tax_leeway or 0)

    def as_json(self) -> dict[str, str | None]:
        """The shape `show --json` promises, plus the currency and whether it was found or created."""
        return {
            "kind": self.kind,
            "business_key": self.business_key,
            "state": self.state,
            "zoho_id": self.zoho_id,
            "number": self.number,
            "total": amount_text(self.total),
            "control_total": amount_text(self.control_total),
            "currency_code": self.currency_code,
            "url": self.url,
            "origin": self.origin,
        }


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an event's timeline."""

    at: str
    step: str
    detail: str


def kind_of(business_key: str) -> str:
    """The kind of document that a business key names: it stands after the connection or organization."""
    return business_key.split("/", 2)[1]


def document_record(business_key: str, fields: dict[str, str]) -> DocumentRecord:
    """The record written as a Redis hash."""
    known: dict[str, Any] = {name: fields[name] for name in DocumentRecord.__slots__ if name in fields}
    known |= {"business_key": business_key, "kind": kind_of(business_key)}
    known["generation"] = int(known.get("generation", 1))
    for name in ("total", "control_total", "tax_total", "control_tax", "tax_leeway", "accepted_total"):
        if name in known:
            known[name] = Decimal(known[name])
    for name in ("send_deadline", "taken_at", "version", "posted_at"):
        if name in known:
            known[name] = float(known[name])
    if "taken_names" in known:
        known["taken_names"] = tuple(json.loads(known["taken_names"]))
    return DocumentRecord(**known)


def event_record(event_id: str, stored: Stored) -> Event:
    """The event as it is stored."""
    text = stored.fields
    return Event(
        event_id=event_id,
        connection=text["connection"],
        source=text["source"],
        organization=text["organization"],
        topic=text["topic"],
        state=text["state"],
        attempts=int(text.get("attempts", 0)),
        received_at=instant(text["received_at"]),
        due_at=instant(text["due_at"]) if text.get("due_at") else None,
        reason=text.get("reason"),
        error=trouble_record(text["error"]) if text.get("error") else None,
        headers=stored.headers,
        body=stored.body,
        fetched=text.get("fetched"),
        tickets=tuple(json.loads(text.get("tickets", "[]"))),
        suspect="suspect" in text,
        is_replayed="replayed" in text,
        failures=int(text.get("failures", 0)),
        order=text.get("order"),
        version=float(text["version"]) if text.get("version") else None,
        batch=text.get("batch"),
    )


def trouble_record(written: str | bytes) -> Trouble:
    """The trouble written as JSON."""
    told = json.loads(written)
    question = told.pop("question", None)
    return Trouble(**told, question=Question(**question) if question else None)


def amount_text(amount: Decimal | None) -> str | None:
    """An amount as JSON holds it, digit for digit."""
    return None if amount is None else f"{amount:f}"

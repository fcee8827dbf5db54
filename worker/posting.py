"""Bringing about one document exactly once.

new ──intention written──► posting ──Zoho said yes──► posted
 ▲                           │  └──no clear answer──► unknown
 └──surely nothing done──────┘                           │
                    looked up: there ──► posted ◄────────┤
                    absent after settling ──► posting ◄──┘

The intention (the frozen body and until when it could still be sent) is on record before the call, so whoever comes
after a crash or a time-out knows to look before posting again, with the same body and the same marker. A ledger that
may have forgotten intentions is not believed for an hour: what it calls new is looked for as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import structlog

from errors import NeedsAttention, OutcomeUnknown, RetryLater
from ledger.documents import Fields
from ledger.incarnation import CAREFUL_SECONDS
from ledger.marks import marker
from ledger.records import DocumentRecord
from worker.desk import Desk

FIRST_LOOK_SECONDS = 2.0
log = structlog.get_logger()


class _LedgerMayHaveForgotten(Exception):
    """Raised when nothing is written or sent yet, and what the ledger calls new may have been posted before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands outside: its id, and whatever is known of its number, total and address."""

    zoho_id: str | None = None
    number: str | None = None
    total: Decimal | None = None
    tax_total: Decimal | None = None
    currency_code: str | None = None
    customer_id: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is about to be sent: the body to freeze, and what it has to come to."""

    body: str
    control_total: Decimal | None = None
    control_tax: Decimal | None = None
    tax_leeway: Decimal | None = None
    currency_code: str | None = None
    money: str | None = None
    version: float | None = None
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One document to bring about.

    `prepare(marker)` gives what to freeze and send, or what already stands; `send(body, deadline)` posts it not later
    than that (unix seconds), raising OutcomeUnknown when it may have been done and any other RetryLater or
    NeedsAttention when it surely was not; `look(marker, body)` finds what a doubtful `send` left, `read(zoho_id)` reads
    it again.
    """

    business_key: str
    kind: str
    organization: str
    prepare: Callable[[str], Prepared | Standing]
    send: Callable[[str, float], Standing]
    look: Callable[[str, str], Standing | None]
    read: Callable[[str], Standing]


@dataclass(frozen=True, slots=True)
class Hold:
    """The right to work on one document for one event, under the event's lease; on that of its `order`, too."""

    desk: Desk
    effect: Effect
    event_id: str
    lease: str
    order: str | None

    def write(self, **fields: str | float | Decimal | None) -> None:
        """Writes the record; raises LeaseLost when the right has passed to another."""
        self.desk.ledger.documents.write(self.effect.business_key, self.lease, fields)

    def intend(self, fields: Fields, *, believes: bool) -> int | None:
        """Writes the record and counts an intention; None where the ledger, unless believed, may have forgotten one."""
        documents, least = self.desk.ledger.documents, None if believes else self.desk.ledger.incarnation.count
        return documents.intend(self.effect.business_key, self.lease, fields, order=self.order, least=least)

    def conclude(self, fields: Fields, *, step: str, detail: str) -> DocumentRecord:
        """The record of what stands, written; raises LeaseLost when the right has passed to another."""
        return self.desk.ledger.documents.conclude(
            self.effect.business_key, self.lease, fields, event_id=self.event_id, step=step, detail=detail
        )


def bring_about(desk: Desk, effect: Effect, *, event_id: str, lease: str, order: str | None = None) -> DocumentRecord:
    """The posted record of the effect, whoever posted it; raises Busy, OutcomeUnknown or what `send` raised.

    Nothing is sent once the lease on the `order` has passed to another: what was decided may not hold any more.
    """
    documents, key = desk.ledger.documents, effect.business_key
    record = documents.claim_unless_posted(key, event_id=event_id, lease=lease)
    if record.state == "posted" and record.totals_agree:
        return record
    try:
        with desk.ledger.leases.document(key, lease):
            return _settle(Hold(desk, effect, event_id, lease, order), record)
    except BaseException:
        documents.release(key, lease)
        raise


def _settle(hold: Hold, record: DocumentRecord) -> DocumentRecord:
    if record.state == "posted":
        return _compare_again(hold, record)
    if record.state == "new":
        return _prepare_and_send(hold, record)
    if record.state in ("undoing", "undone"):
        raise _taken_back(record)
    return _look_then_send(hold, record)


def _taken_back(record: DocumentRecord) -> NeedsAttention:
    """A person took it back, so only a person's retry begins its next generation."""
    number = record.number or record.zoho_id or record.business_key
    return NeedsAttention(
        f"The {record.kind} {number} was undone, or is being undone.".replace("_", " "),
        code="undone",
        remedy="To have it posted anew: `bookhook retry` with this event's id. To leave it undone: nothing.",
    )


def _compare_again(hold: Hold, record: DocumentRecord) -> DocumentRecord:
    """A total that was wrong is read once more: it may have been corrected in Zoho."""
    hold.desk.ledger.documents.claim(record.business_key, event_id=hold.event_id, lease=hold.lease)
    standing = hold.effect.read(record.zoho_id or "")
    read = {"total": standing.total, "tax_total": standing.tax_total, "currency_code": standing.currency_code}
    return hold.conclude(read, step="compared_again", detail=f"Zoho's total is {standing.total}")


def _prepare_and_send(hold: Hold, record: DocumentRecord) -> DocumentRecord:
    prepared = hold.effect.prepare(marker(record.business_key, record.generation))
    if isinstance(prepared, Standing):
        return _record_posted(hold, prepared, origin="found")
    frozen = _frozen(hold, prepared)
    try:
        return _send(hold, prepared.body, frozen, if_refused="new", believes=False)
    except _LedgerMayHaveForgotten:
        hold.desk.ledger.documents.write(record.business_key, hold.lease, frozen)
    forgotten = _forgotten_deadline(hold)
    if forgotten is not None and (found := _find(hold, record, prepared.body, deadline=forgotten)) is not None:
        return found
    return _send(hold, prepared.body, if_refused="new")


def _frozen(hold: Hold, prepared: Prepared) -> Fields:
    """The body and whose amounts it carries: both stand, whoever may find or send it after a doubt."""
    return {
        "frozen_body": prepared.body,
        "control_total": prepared.control_total,
        "control_tax": prepared.control_tax,
        "tax_leeway": prepared.tax_leeway,
        "currency_code": prepared.currency_code,
        "money": prepared.money,
        "version": prepared.version,
        "order": prepared.order,
        "organization": hold.effect.organization,
        "event_id": hold.event_id,
    }


def _look_then_send(hold: Hold, record: DocumentRecord) -> DocumentRecord:
    """After doubt: what is found is taken; only what is absent after settling is posted again."""
    body = record.frozen_body or ""
    deadline = max(record.send_deadline or 0.0, _forgotten_deadline(hold) or 0.0)
    if (found := _find(hold, record, body, deadline=deadline)) is not None:
        return found
    _note(hold, "absent_after_doubt", f"{record.kind} is posted again")
    return _send(hold, body, if_refused="unknown")


def _find(hold: Hold, record: DocumentRecord, body: str, *, deadline: float) -> DocumentRecord | None:
    """What a try left, now recorded, or None; raises OutcomeUnknown until a try by `deadline` has settled."""
    standing = hold.effect.look(marker(record.business_key, record.generation), body)
    if standing is not None:
        _note(hold, "found_after_doubt", record.kind)
        return _record_posted(hold, standing, origin="created")
    left = deadline + hold.desk.settle_seconds - hold.desk.ledger.clock()
    if left > 0:
        raise OutcomeUnknown(
            f"It is not known yet whether Zoho saved the {record.kind}; it was not found so far.",
            retry_after_seconds=left,
        )
    return None


def _forgotten_deadline(hold: Hold) -> float | None:
    """Until when a try could reach Zoho that the ledger has forgotten, if it may have gone back lately; else None.

    What has only been restarted is looked for once; a ledger that surely lost something waits for what it forgot.
    """
    gone_back = hold.desk.ledger.incarnation.observe()
    if gone_back is None:
        return None
    deadline = gone_back.at + hold.desk.send_seconds
    if hold.desk.ledger.clock() >= max(gone_back.at + CAREFUL_SECONDS, deadline + hold.desk.settle_seconds):
        return None
    if hold.desk.ledger.reconciliations.is_sound(hold.effect.organization, since=gone_back.at):
        return None
    _note(hold, "looked_for_first", gone_back.reason)
    return deadline if gone_back.is_certain else 0.0


def _send(
    hold: Hold, body: str, fields: Fields | None = None, *, if_refused: str, believes: bool = True
) -> DocumentRecord:
    """Writes the intention, with what else is to be written, and posts.

    `if_refused` is the state when this try surely did nothing.
    """
    effect, ledger = hold.effect, hold.desk.ledger
    deadline = ledger.clock() + hold.desk.send_seconds
    intention = {**(fields or {}), "state": "posting", "send_deadline": deadline}
    if (count := hold.intend(intention, believes=believes)) is None:
        raise _LedgerMayHaveForgotten
    try:
        ledger.incarnation.secure_intention(count)
        standing = effect.send(body, deadline)
    except OutcomeUnknown as doubt:
        # The call is over, so nothing more of it can reach Zoho.
        hold.write(state="unknown", send_deadline=ledger.clock())
        _note(hold, "outcome_unknown", effect.kind)
        raise OutcomeUnknown(doubt.message, retry_after_seconds=FIRST_LOOK_SECONDS) from doubt
    except (RetryLater, NeedsAttention):
        hold.write(state=if_refused)
        raise
    return _record_posted(hold, standing, origin="created")


def _record_posted(hold: Hold, standing: Standing, *, origin: str) -> DocumentRecord:
    known = {
        "state": "posted",
        "zoho_id": standing.zoho_id,
        "number": standing.number,
        "total": standing.total,
        "currency_code": standing.currency_code,
        "customer_id": standing.customer_id,
        "url": standing.url,
        "tax_total": standing.tax_total,
        "origin": origin,
        "organization": hold.effect.organization,
        "posted_at": round(hold.desk.ledger.clock(), 3),
    }
    name = standing.number or standing.zoho_id or ""
    record = hold.conclude(known, step=f"{hold.effect.kind}_{origin}", detail=name)
    log.info("document_posted", kind=hold.effect.kind, origin=origin, zoho_id=standing.zoho_id)
    return record


def _note(hold: Hold, step: str, detail: str) -> None:
    hold.desk.ledger.events.note(hold.event_id, step, detail)

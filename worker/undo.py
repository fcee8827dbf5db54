"""Taking back what events led to: what is a draft is deleted, what was sent is voided, what was paid stays.

A plan is made of what stands in Zoho now, and what it is about is read again before each step. A step is done under
the leases on the order and the document, its intention on record first. Done twice it changes nothing more, so after a
doubt it is looked at and, if the document still stands, done again when a person asks again. Contacts stay.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, cast

import structlog

from drafts import DocumentKind
from errors import NeedsAttention, OutcomeUnknown, RetryLater, ZohoRejected
from ledger.payouts import paid_note
from ledger.records import DocumentRecord, Trouble
from ledger.undoing import FOLLOW_UPS
from worker.asking import show_if_free
from worker.desk import Desk
from worker.recording import recording_calls
from zoho.books import Books
from zoho.protocol import Row, read_money

Action = Literal["delete", "void", "forget", "leave"]
# What depends on another comes before it.
ORDER: tuple[DocumentKind, ...] = ("credit_note", "payment", "invoice", "expense")
STANDING = frozenset({"posted", "undoing"})
IN_DOUBT = frozenset({"posting", "unknown"})
ALREADY_UNDONE = frozenset({"new", "undone"})
NOTHING = Decimal(0)
UNDONE = Trouble(
    code="undone",
    message="A person took back what it had led to.",
    remedy="To have it posted anew: `bookhook retry` with its id. To leave it undone: nothing.",
)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is to be done to one document and how it stands in Zoho.

    A document that is to `leave` as it is, though it was to be undone, says with `remedy` what a person may do.
    """

    record: DocumentRecord
    action: Action
    stands: str
    remedy: str | None = None


def plan_undo(desk: Desk, event_ids: Iterable[str]) -> list[Step]:
    """The steps that take back what the events led to, in the order to take them; reads each document in Zoho."""
    records = list(_documents(desk, event_ids))
    rows = {record.business_key: _row(desk, record) for record in records if _is_read(record)}
    payments = [rows.get(record.business_key) for record in records if record.kind == "payment"]
    freed = _freed(row for row in payments if row is not None)
    return [_step(record, rows.get(record.business_key), freed) for record in records]


def carry_out(desk: Desk, step: Step) -> str:
    """Does the step and gives what was done in words; a document that has changed meanwhile is judged anew.

    Raises Busy while a worker is at it, OutcomeUnknown when it has to be asked for again, and NeedsAttention when it
    must stay as it is.
    """
    lease, record = secrets.token_hex(8), step.record
    documents, leases = desk.ledger.documents, desk.ledger.leases
    with recording_calls(desk, record.event_id), _order(desk, record, lease):
        claimed = documents.claim(record.business_key, event_id=record.event_id, lease=lease)
        try:
            with leases.document(record.business_key, lease):
                _refuse_another(record, claimed)
                done = _take_back(desk, claimed, lease)
        finally:
            documents.release(record.business_key, lease)
    _show_approvers(desk, record, lease)
    return done


def _show_approvers(desk: Desk, record: DocumentRecord, lease: str) -> None:
    """Has the message that approvers were asked by, if there is one, say what became of an expense."""
    event = desk.ledger.events.get(record.event_id) if record.kind == "expense" else None
    if event is not None:
        show_if_free(desk, event, lease)


def is_in_doubt(desk: Desk, event_id: str) -> bool:
    """Whether it is not known of one of the event's documents if it stands."""
    return any(record.state in IN_DOUBT for record in desk.ledger.documents.of(event_id))


def _refuse_another(seen: DocumentRecord, now: DocumentRecord) -> None:
    """Raises NeedsAttention when what stands is not what a person has seen and agreed to take back."""
    if now.generation != seen.generation and now.state not in ALREADY_UNDONE:
        raise NeedsAttention("It was posted anew meanwhile.", remedy="Look at the plan, then undo again.")


def _documents(desk: Desk, event_ids: Iterable[str]) -> Iterator[DocumentRecord]:
    """The documents that the events brought about and that may stand, the dependent first, without the contacts."""
    found = {
        record.business_key: record
        for event_id in event_ids
        for record in desk.ledger.documents.of(event_id)
        if record.event_id == event_id and record.state not in ALREADY_UNDONE
    }
    of_others = [record for record in found.values() if record.kind not in ORDER and not _goes_with(record, found)]
    yield from (record for record in of_others if record.kind in ("void", "payout", "credit"))
    for kind in ORDER:
        yield from (record for record in reversed(found.values()) if record.kind == kind)


def _goes_with(record: DocumentRecord, found: Mapping[str, DocumentRecord]) -> bool:
    """Whether the record is of what was done to one of these documents."""
    connection, kind, name = record.business_key.split("/", 2)
    owners = [owner for owner, follow_ups in FOLLOW_UPS.items() if kind in follow_ups]
    owned = paid_note(name) if kind == "payout" else name
    return any(f"{connection}/{owner}/{owned}" in found for owner in owners)


def _is_read(record: DocumentRecord) -> bool:
    return record.kind in ORDER and record.state in STANDING


def _row(desk: Desk, record: DocumentRecord) -> Row | None:
    """The document as it stands in Zoho, None when it is gone."""
    books, kind, zoho_id = books_of(desk, record), cast(DocumentKind, record.kind), record.zoho_id or ""
    try:
        return books.row(kind, zoho_id)
    except ZohoRejected:
        if books.status(kind, zoho_id) is None:
            return None
        raise


def books_of(desk: Desk, record: DocumentRecord) -> Books:
    """The books the document stands in; raises NeedsAttention when they are no longer configured."""
    books = desk.books.get(record.organization or "")
    if books is None:
        raise NeedsAttention(
            f"The organization {record.organization} is no longer configured.",
            code="not_configured",
            remedy="Set it up again, then say again what is to become of it.",
        )
    return books


def _freed(payments: Iterable[Row]) -> dict[str, Decimal]:
    """What of each invoice is owed again once these payments are gone."""
    freed: dict[str, Decimal] = {}
    for applied in (applied for payment in payments for applied in payment.get("invoices") or ()):
        invoice_id = str(applied.get("invoice_id"))
        freed[invoice_id] = freed.get(invoice_id, NOTHING) + read_money(applied.get("amount_applied") or 0)
    return freed


def _step(record: DocumentRecord, row: Row | None, freed: Mapping[str, Decimal]) -> Step:
    if record.state in IN_DOUBT:
        remedy = "Wait until its event has ended (bookhook show), then undo again."
        return Step(record=record, action="leave", stands="it is not known whether it stands", remedy=remedy)
    if record.kind not in ORDER:
        return _follow_up(record)
    if row is None:
        return Step(record=record, action="forget", stands="it is not in Zoho any more")
    status, owed = str(row.get("status") or "recorded"), read_money(row.get("balance") or 0)
    if status == "void":
        return Step(record=record, action="forget", stands="it is void already")
    settled = read_money(row.get("total") or 0) - owed if "balance" in row else NOTHING
    settled -= freed.get(record.zoho_id or "", NOTHING)
    return _of_kind(record, status, _stands(record, row, status), settled)


def _of_kind(record: DocumentRecord, status: str, stands: str, settled: Decimal) -> Step:
    if record.kind == "invoice" and settled > 0:
        remedy = "Undo the events of its payments and refunds too, or take them off it in Zoho Books; then undo again."
        return Step(record=record, action="leave", stands=f"{stands}, of which {settled} is settled", remedy=remedy)
    if record.kind == "credit_note" and settled > 0:
        remedy = "Delete its refunds and take it off the invoices in Zoho Books, then undo again."
        return Step(record=record, action="leave", stands=f"{stands}, of which {settled} is used", remedy=remedy)
    if record.kind == "expense" and status == "invoiced":
        remedy = "Take it off the invoice that bills it in Zoho Books, then undo again."
        return Step(record=record, action="leave", stands=stands, remedy=remedy)
    return Step(record=record, action="void" if _is_voided(record, status) else "delete", stands=stands)


def _is_voided(record: DocumentRecord, status: str) -> bool:
    """Whether the document keeps its number: a customer may have an invoice that was sent."""
    return record.kind == "invoice" and status != "draft"


def _follow_up(record: DocumentRecord) -> Step:
    remedies = {
        "void": "Mark the invoice as draft in Zoho Books if it is to stand again.",
        "payout": "Delete the refund of the credit note in Zoho Books if it was not paid.",
        "credit": "Take the credit note off the invoice in Zoho Books if it is to be open again.",
    }
    return Step(
        record=record, action="leave", stands="done to a document of another event", remedy=remedies[record.kind]
    )


def _stands(record: DocumentRecord, row: Row, status: str) -> str:
    total = read_money(row.get("amount" if record.kind == "payment" else "total") or 0)
    changed = f" (it was {record.total})" if record.total is not None and total != record.total else ""
    return f"{status}, {total} {record.currency_code or ''}".rstrip() + changed


@contextmanager
def _order(desk: Desk, record: DocumentRecord, lease: str) -> Iterator[None]:
    """The right to work on the order the document is of, where it is of one."""
    event = desk.ledger.events.get(record.event_id)
    is_of_order = event is not None and event.order is not None
    order = f"{event.connection}/{event.order}" if event and is_of_order else ""
    with desk.ledger.orders.locked(order, lease) if is_of_order else nullcontext():
        yield


def _take_back(desk: Desk, record: DocumentRecord, lease: str) -> str:
    if record.state in ALREADY_UNDONE:
        return "undone already"
    step = _step(record, _row(desk, record) if _is_read(record) else None, {})
    if step.action == "leave":
        raise NeedsAttention(f"It stays: {step.stands}.", remedy=step.remedy or "")
    if step.action != "forget":
        _call(desk, record, step.action, lease)
    for follow_up in desk.ledger.undoing.follow_ups(record):
        _forget(desk, follow_up, lease)
        if follow_up.kind == "payout" and follow_up.event_id != record.event_id:
            desk.ledger.undoing.park(follow_up.event_id, UNDONE)  # what it paid back is to be paid anew, too
    desk.ledger.documents.write(record.business_key, lease, {"state": "undone"})
    done = {"delete": "deleted", "void": "voided"}.get(step.action, "gone")
    desk.ledger.events.note(record.event_id, f"{record.kind}_{done}", record.number or record.zoho_id or "")
    log.info("document_undone", kind=record.kind, how=done, zoho_id=record.zoho_id)
    return done


def _call(desk: Desk, record: DocumentRecord, action: Action, lease: str) -> None:
    """Deletes or voids; raises OutcomeUnknown while it cannot be seen that it was done."""
    documents, books, kind = desk.ledger.documents, books_of(desk, record), cast(DocumentKind, record.kind)
    zoho_id, deadline = record.zoho_id or "", desk.ledger.clock() + desk.send_seconds
    documents.write(record.business_key, lease, {"state": "undoing", "send_deadline": deadline})
    try:
        if action == "void":
            books.void(zoho_id, deadline=deadline)
        else:
            books.delete(kind, zoho_id, deadline=deadline)
    except OutcomeUnknown as doubt:
        if books.status(kind, zoho_id) not in (None, "void"):
            raise OutcomeUnknown(f"{doubt.message} It still stands: undo again.") from doubt
    except (RetryLater, NeedsAttention):
        documents.write(record.business_key, lease, {"state": record.state})  # nothing was done
        raise


def _forget(desk: Desk, record: DocumentRecord, lease: str) -> None:
    """Notes that what was done to a document went with it."""
    documents, key = desk.ledger.documents, record.business_key
    if documents.claim(key, event_id=record.event_id, lease=lease).state not in ALREADY_UNDONE:
        documents.write(key, lease, {"state": "undone"})
    documents.release(key, lease)

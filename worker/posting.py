"""Bringing about one document exactly once.

new ──intention written──► posting ──Zoho said yes──► posted
 ▲                           │  └──no clear answer──► unknown
 └──surely nothing done──────┘                           │
                    looked up: there ──► posted ◄────────┤
                    absent after settling ──► posting ◄──┘

The intention (the frozen body and until when it could still be sent) is on record before the call, so whoever comes
after a crash or a time-out knows to look before posting again, with the same body and the same marker.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import structlog

from errors import NeedsAttention, OutcomeUnknown, RetryLater
from ledger import DocumentRecord, marker
from worker.desk import Desk

FIRST_LOOK_SECONDS = 2.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands outside: its id, and whatever is known of its number, total and address."""

    zoho_id: str | None = None
    number: str | None = None
    total: Decimal | None = None
    currency_code: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One document to bring about.

    `prepare(marker)` gives the body to freeze, or what already stands; `send(body, deadline)` posts it not later than
    that (unix seconds), raising OutcomeUnknown when it may have been done and any other RetryLater or NeedsAttention
    when it surely was not; `look(marker, body)` finds what a doubtful `send` left, `read(zoho_id)` reads it again.
    """

    business_key: str
    kind: str
    prepare: Callable[[str], str | Standing]
    send: Callable[[str, float], Standing]
    look: Callable[[str, str], Standing | None]
    read: Callable[[str], Standing]
    control_total: Decimal | None = None
    currency_code: str | None = None
    money: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """The right to work on one document for one event, under the event's lease."""

    desk: Desk
    effect: Effect
    event_id: str
    lease: str

    def write(self, **fields: str | float | Decimal | None) -> None:
        """Writes the record; raises LeaseLost when the right has passed to another."""
        self.desk.ledger.documents.write(self.effect.business_key, self.lease, fields)


def bring_about(desk: Desk, effect: Effect, *, event_id: str, lease: str) -> DocumentRecord:
    """The posted record of the effect, whoever posted it; raises Busy, OutcomeUnknown or what `send` raised."""
    documents = desk.ledger.documents
    record = documents.claim(effect.business_key, effect.kind, event_id=event_id, lease=lease)
    try:
        with desk.ledger.leases.document(effect.business_key, lease):
            _settle(Hold(desk, effect, event_id, lease), record)
    finally:
        documents.release(effect.business_key, lease)
    posted = documents.get(effect.business_key)
    if posted is None:
        raise RetryLater("The document's record is gone; it is being looked at again.")
    return posted


def _settle(hold: Hold, record: DocumentRecord) -> None:
    if record.state == "posted":
        _take_over(hold, record)
    elif record.state == "new":
        _prepare_and_send(hold, record)
    else:
        _look_then_send(hold, record)


def _take_over(hold: Hold, record: DocumentRecord) -> None:
    """Takes what already stands; a total that was wrong is read once more, it may have been corrected in Zoho."""
    if record.event_id != hold.event_id:
        _note(hold, f"{record.kind}_found", record.number or record.zoho_id or "")
    if not record.totals_agree and record.zoho_id:
        standing = hold.effect.read(record.zoho_id)
        hold.write(total=standing.total, currency_code=standing.currency_code)
        _note(hold, "compared_again", f"Zoho's total is {standing.total}")


def _prepare_and_send(hold: Hold, record: DocumentRecord) -> None:
    prepared = hold.effect.prepare(marker(record.business_key, record.generation))
    if isinstance(prepared, Standing):
        _record_posted(hold, prepared, origin="found")
    else:
        _send(hold, prepared)


def _look_then_send(hold: Hold, record: DocumentRecord) -> None:
    """After doubt: what is found is taken; only what is absent after settling is posted again."""
    body, deadline = record.frozen_body or "", record.send_deadline or 0.0
    standing = hold.effect.look(marker(record.business_key, record.generation), body)
    if standing is not None:
        _note(hold, "found_after_doubt", record.kind)
        _record_posted(hold, standing, origin="created")
        return
    left = deadline + hold.desk.settle_seconds - hold.desk.ledger.clock()
    if left > 0:
        raise OutcomeUnknown(
            f"It is not known yet whether Zoho saved the {record.kind}; it was not found so far.",
            retry_after_seconds=left,
        )
    _note(hold, "absent_after_doubt", f"{record.kind} is posted again")
    _send(hold, body)


def _send(hold: Hold, body: str) -> None:
    effect, clock = hold.effect, hold.desk.ledger.clock
    deadline = clock() + hold.desk.send_seconds
    hold.write(
        state="posting",
        frozen_body=body,
        send_deadline=deadline,
        control_total=effect.control_total,
        currency_code=effect.currency_code,
        money=effect.money,
        event_id=hold.event_id,
    )
    try:
        standing = effect.send(body, deadline)
    except OutcomeUnknown as doubt:
        # The call is over, so nothing more of it can reach Zoho.
        hold.write(state="unknown", send_deadline=clock())
        _note(hold, "outcome_unknown", effect.kind)
        raise OutcomeUnknown(doubt.message, retry_after_seconds=FIRST_LOOK_SECONDS) from doubt
    except (RetryLater, NeedsAttention):
        hold.write(state="new")
        raise
    _record_posted(hold, standing, origin="created")


def _record_posted(hold: Hold, standing: Standing, *, origin: str) -> None:
    hold.write(
        state="posted",
        zoho_id=standing.zoho_id,
        number=standing.number,
        total=standing.total,
        currency_code=standing.currency_code,
        url=standing.url,
        control_total=hold.effect.control_total,
        money=hold.effect.money,
        origin=origin,
    )
    _note(hold, f"{hold.effect.kind}_{origin}", standing.number or standing.zoho_id or "")
    log.info("document_posted", kind=hold.effect.kind, origin=origin, zoho_id=standing.zoho_id)


def _note(hold: Hold, step: str, detail: str) -> None:
    hold.desk.ledger.events.note(hold.event_id, step, detail)

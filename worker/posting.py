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
from ledger import CAREFUL_SECONDS, DocumentRecord, marker
from worker.desk import Desk

FIRST_LOOK_SECONDS = 2.0
log = structlog.get_logger()


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
    elif record.state in ("undoing", "undone"):
        raise _taken_back(record)
    else:
        _look_then_send(hold, record)


def _taken_back(record: DocumentRecord) -> NeedsAttention:
    """A person took it back, so only a person's retry begins its next generation."""
    number = record.number or record.zoho_id or record.business_key
    return NeedsAttention(
        f"The {record.kind} {number} was undone, or is being undone.".replace("_", " "),
        code="undone",
        remedy="To have it posted anew: `bookhook retry` with this event's id. To leave it undone: nothing.",
    )


def _take_over(hold: Hold, record: DocumentRecord) -> None:
    """Takes what already stands; a total that was wrong is read once more, it may have been corrected in Zoho."""
    if record.event_id != hold.event_id:
        _note(hold, f"{record.kind}_found", record.number or record.zoho_id or "")
    if record.zoho_id and not record.totals_agree:
        standing = hold.effect.read(record.zoho_id)
        hold.write(total=standing.total, tax_total=standing.tax_total, currency_code=standing.currency_code)
        _note(hold, "compared_again", f"Zoho's total is {standing.total}")


def _prepare_and_send(hold: Hold, record: DocumentRecord) -> None:
    prepared = hold.effect.prepare(marker(record.business_key, record.generation))
    if isinstance(prepared, Standing):
        _record_posted(hold, prepared, origin="found")
        return
    _freeze(hold, prepared)
    forgotten = _forgotten_deadline(hold)
    if forgotten is None or not _stands_already(hold, record, prepared.body, deadline=forgotten):
        _send(hold, prepared.body, if_refused="new")


def _freeze(hold: Hold, prepared: Prepared) -> None:
    """Keeps the body and whose amounts it carries: both stand, whoever may find or send it after a doubt."""
    hold.write(
        frozen_body=prepared.body,
        control_total=prepared.control_total,
        control_tax=prepared.control_tax,
        tax_leeway=prepared.tax_leeway,
        currency_code=prepared.currency_code,
        money=prepared.money,
        version=prepared.version,
        order=prepared.order,
        organization=hold.effect.organization,
        event_id=hold.event_id,
    )


def _look_then_send(hold: Hold, record: DocumentRecord) -> None:
    """After doubt: what is found is taken; only what is absent after settling is posted again."""
    body = record.frozen_body or ""
    deadline = max(record.send_deadline or 0.0, _forgotten_deadline(hold) or 0.0)
    if not _stands_already(hold, record, body, deadline=deadline):
        _note(hold, "absent_after_doubt", f"{record.kind} is posted again")
        _send(hold, body, if_refused="unknown")


def _stands_already(hold: Hold, record: DocumentRecord, body: str, *, deadline: float) -> bool:
    """Whether what a try left is found, and now recorded; raises OutcomeUnknown until one by `deadline` has settled."""
    standing = hold.effect.look(marker(record.business_key, record.generation), body)
    if standing is not None:
        _note(hold, "found_after_doubt", record.kind)
        _record_posted(hold, standing, origin="created")
        return True
    left = deadline + hold.desk.settle_seconds - hold.desk.ledger.clock()
    if left > 0:
        raise OutcomeUnknown(
            f"It is not known yet whether Zoho saved the {record.kind}; it was not found so far.",
            retry_after_seconds=left,
        )
    return False


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
    _note(hold, "looked_for_first", gone_back.reason)
    return deadline if gone_back.is_certain else 0.0


def _send(hold: Hold, body: str, *, if_refused: str) -> None:
    """Writes the intention and posts; `if_refused` is the state when this try surely did nothing."""
    effect, clock = hold.effect, hold.desk.ledger.clock
    deadline = clock() + hold.desk.send_seconds
    hold.write(state="posting", send_deadline=deadline)
    try:
        hold.desk.ledger.incarnation.secure_intention()
        standing = effect.send(body, deadline)
    except OutcomeUnknown as doubt:
        # The call is over, so nothing more of it can reach Zoho.
        hold.write(state="unknown", send_deadline=clock())
        _note(hold, "outcome_unknown", effect.kind)
        raise OutcomeUnknown(doubt.message, retry_after_seconds=FIRST_LOOK_SECONDS) from doubt
    except (RetryLater, NeedsAttention):
        hold.write(state=if_refused)
        raise
    _record_posted(hold, standing, origin="created")


def _record_posted(hold: Hold, standing: Standing, *, origin: str) -> None:
    hold.write(
        state="posted",
        frozen_body="",  # never needed again, and it holds a person's data
        zoho_id=standing.zoho_id,
        number=standing.number,
        total=standing.total,
        currency_code=standing.currency_code,
        customer_id=standing.customer_id,
        url=standing.url,
        tax_total=standing.tax_total,
        origin=origin,
        organization=hold.effect.organization,
        posted_at=hold.desk.ledger.clock(),
    )
    _note(hold, f"{hold.effect.kind}_{origin}", standing.number or standing.zoho_id or "")
    log.info("document_posted", kind=hold.effect.kind, origin=origin, zoho_id=standing.zoho_id)


def _note(hold: Hold, step: str, detail: str) -> None:
    hold.desk.ledger.events.note(hold.event_id, step, detail)

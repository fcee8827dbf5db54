"""What becomes of a credit note: paid back, or set against what is still owed on the invoice."""

from dataclasses import dataclass
from decimal import Decimal

from drafts import RefundDraft
from ledger.records import DocumentRecord
from worker.payments import balance_of, is_settled_by_hand
from worker.posting import Prepared, Standing
from worker.statuses import IN_DOUBT, mark_sent
from worker.task import Task

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Invoiced:
    """An order and its posted invoice."""

    once_per: str
    record: DocumentRecord

    @property
    def invoice_id(self) -> str:
        """Zoho's id of the invoice."""
        return self.record.zoho_id or ""


def paid_back(task: Task, refund: RefundDraft) -> Decimal:
    """What of a refund goes back to the customer; nothing where the connection records no payments."""
    if not task.options.payments.record:
        return ZERO
    return refund.control_total if refund.paid_back is None else refund.paid_back


def pay_out(task: Task, refund: RefundDraft, note: DocumentRecord) -> None:
    """Pays back out of the credit note what went back to the customer."""
    amount, note_id = paid_back(task, refund), note.zoho_id or ""
    if not amount:
        return
    if is_settled_by_hand(task, refund.method, left=lambda: balance_of(task, "credit_note", note)):
        return

    def look(marker: str, body: str) -> Standing | None:
        rows = task.books.payouts(note_id)
        found = [row for row in rows if marker in str(row.get("reference_number") or "").split()]
        return standing(found[0]["creditnote_refund_id"]) if found else None

    def standing(refund_id: object) -> Standing:
        return Standing(
            zoho_id=str(refund_id), number=note.number, total=amount, currency_code=refund.currency_code, url=note.url
        )

    def prepare(marker: str) -> Prepared:
        body = task.books.payout_body(refund, task.options, amount=amount, marker=marker)
        return Prepared(body=body, control_total=amount, currency_code=refund.currency_code)

    def send(body: str, deadline: float) -> Standing:
        return standing(task.books.pay_out(note_id, body, deadline=deadline))

    task.bring_about(task.effect("payout", refund.once_per, prepare=prepare, send=send, look=look, read=standing))


def set_against(task: Task, invoiced: Invoiced, once_per: str, note: DocumentRecord, *, most: Decimal) -> None:
    """Sets up to `most` of a credit note against what is still owed; the rest stays the customer's credit."""
    known = task.record("credit", once_per)
    state = known.state if known else "new"
    if most <= 0 or state == "posted":
        return
    mark_sent(task, invoiced.once_per, invoiced.record)
    amount = min(most, balance_of(task, "invoice", invoiced.record))
    if amount > 0 or state in IN_DOUBT:
        _apply(task, invoiced, once_per, note, amount)


def _apply(task: Task, invoiced: Invoiced, once_per: str, note: DocumentRecord, amount: Decimal) -> None:
    note_id = note.zoho_id or ""
    standing = Standing(zoho_id=note_id, number=note.number, total=amount, url=note.url)

    def look(marker: str, body: str) -> Standing | None:
        rows = task.books.credited(note_id)
        return standing if any(str(row.get("invoice_id")) == invoiced.invoice_id for row in rows) else None

    def send(body: str, deadline: float) -> Standing:
        task.books.apply_credit(note_id, body, deadline=deadline)
        return standing

    def prepare(marker: str) -> Prepared:
        body = task.books.application_body(invoiced.invoice_id, amount)
        return Prepared(body=body, control_total=amount, currency_code=note.currency_code)

    effect = task.effect("credit", once_per, prepare=prepare, send=send, look=look, read=lambda zoho_id: standing)
    task.bring_about(effect)

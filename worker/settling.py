"""What of a credit note is set against what is still owed on the invoice."""

from dataclasses import dataclass
from decimal import Decimal

from ledger.records import DocumentRecord
from worker.payments import balance_of
from worker.posting import Prepared, Standing
from worker.statuses import IN_DOUBT, mark_sent
from worker.task import Task


@dataclass(frozen=True, slots=True)
class Invoiced:
    """An order and its posted invoice."""

    once_per: str
    record: DocumentRecord

    @property
    def invoice_id(self) -> str:
        """Zoho's id of the invoice."""
        return self.record.zoho_id or ""


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

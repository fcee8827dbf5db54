"""How many calls an event will need, as far as the ledger tells: they are reserved together before the first is made.

Else an event that is refused a call half-way would come again, and look for its contact again. What the ledger cannot
tell (a list that has to be read anew, a mended body) is asked for call by call.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from drafts import Drafts, ExpenseDraft, InvoiceDraft
from ledger.records import DocumentRecord
from worker.documents import Party
from worker.expenses import customer_of_expense, vendor_of_expense
from worker.invoices import customer_of_order
from worker.statuses import IN_DOUBT
from worker.task import Task

MOST_CALLS = 10  # nobody waits until more of them are free at once
TO_MAKE_A_CONTACT = 2  # looked for, created
TO_SETTLE_A_DOUBT = 2
TO_REFUND = 2  # credited, paid out or set against the invoice
TO_CANCEL = 2
KINDS_OF_ORDER = ("invoice", "sent", "email", "void")
KINDS_OF_EXPENSE = ("expense", "receipt")


def calls_needed(task: Task, drafts: Drafts) -> int:
    """How many calls what is left to do for these drafts takes, MOST_CALLS at most; costs one round trip."""
    if drafts.decision is not None:
        return 0
    found = _Found(task, drafts.once_per, task.desk.ledger.documents.known(list(_keys(task, drafts))))
    if drafts.expense is not None:
        return min(_for_expense(found, drafts.expense), MOST_CALLS)
    return min(_for_order(found, drafts), MOST_CALLS)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the ledger has on record of all that drafts may lead to, by key."""

    task: Task
    once_per: str
    records: Mapping[str, DocumentRecord]

    def record(self, kind: str, once_per: str | None = None) -> DocumentRecord | None:
        """What is on record of a document, None also when nothing was sent of it."""
        record = self.records.get(self.task.key(kind, once_per or self.once_per))
        return None if record is None or record.state == "new" else record

    def left(self, kind: str, once_per: str | None = None) -> int:
        """The calls that one document still takes."""
        record = self.record(kind, once_per)
        if record is None:
            return 1
        return TO_SETTLE_A_DOUBT if record.state in IN_DOUBT else 0

    def to_post(self, kind: str, parties: tuple[Party, ...]) -> int:
        """The calls for a document, and for the contacts that are not known yet."""
        if self.record(kind) is not None:
            return self.left(kind)
        known = [self.records.get(party.key(self.task)) for party in parties]
        return 1 + sum(TO_MAKE_A_CONTACT for record in known if record is None or record.state != "posted")


def _keys(task: Task, drafts: Drafts) -> Iterator[str]:
    for kind in KINDS_OF_ORDER if drafts.expense is None else KINDS_OF_EXPENSE:
        yield task.key(kind, drafts.once_per)
    yield from (task.key("payment", payment.once_per) for payment in drafts.payments)
    yield from (task.key("credit_note", refund.once_per) for refund in drafts.refunds)
    yield from (party.key(task) for party in _parties(drafts))


def _parties(drafts: Drafts) -> tuple[Party, ...]:
    if drafts.expense is not None:
        return _parties_of_expense(drafts.expense)
    return () if drafts.invoice is None else (customer_of_order(drafts, drafts.invoice),)


def _parties_of_expense(expense: ExpenseDraft) -> tuple[Party, ...]:
    return tuple(filter(None, (vendor_of_expense(expense), customer_of_expense(expense))))


def _for_expense(found: _Found, expense: ExpenseDraft) -> int:
    task = found.task
    if task.options.expenses.approval_over is not None and not task.desk.ledger.approvals.get(task.event.event_id):
        return 0  # a person is asked before Zoho is
    return found.to_post("expense", _parties_of_expense(expense)) + (found.left("receipt") if expense.receipt else 0)


def _for_order(found: _Found, drafts: Drafts) -> int:
    invoice = None if drafts.is_edit else drafts.invoice
    if invoice is None and found.record("invoice") is None:
        return 0
    calls = found.to_post("invoice", _parties(drafts)) + _to_follow_up(found, drafts, invoice)
    due = [each for each in drafts.refunds if each.is_so_far or found.left("credit_note", each.once_per)]
    return calls + TO_REFUND * len(due) + (TO_CANCEL if drafts.cancel and found.left("void") else 0)


def _to_follow_up(found: _Found, drafts: Drafts, invoice: InvoiceDraft | None) -> int:
    """Marked as sent, paid, e-mailed."""
    options = found.task.options
    payments = drafts.payments if options.payments.record else ()
    to_pay = sum(found.left("payment", payment.once_per) for payment in payments)
    wanted = options.invoices
    is_sent_out = invoice is not None and (wanted.mark_sent or wanted.email or invoice.control_total == 0)
    to_send = found.left("sent") if to_pay or is_sent_out else 0
    return to_pay + to_send + (_to_email(found, drafts) if invoice is not None and wanted.email else 0)


def _to_email(found: _Found, drafts: Drafts) -> int:
    """An invoice that was not created just now is looked at first."""
    if drafts.contact is None or drafts.contact.email is None or found.record("email") is not None:
        return 0
    return 1 if found.record("invoice") is None else 2

"""How many calls an event will need, as far as the ledger tells: they are reserved together before the first is made.

Else an event that is refused a call half-way would come again, and look for its contact again. What the ledger cannot
tell (a list that has to be read anew, a mended body) is asked for call by call.
"""

from drafts import Drafts, ExpenseDraft, InvoiceDraft
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


def calls_needed(task: Task, drafts: Drafts) -> int:
    """How many calls what is left to do for these drafts takes, MOST_CALLS at most."""
    if drafts.expense is not None:
        calls = _for_expense(task, drafts.once_per, drafts.expense)
    elif drafts.decision is not None:
        calls = 0
    else:
        calls = _for_order(task, drafts)
    return min(calls, MOST_CALLS)


def _for_expense(task: Task, once_per: str, expense: ExpenseDraft) -> int:
    approval = task.desk.ledger.approvals.get(task.event.event_id)
    if task.options.expenses.approval_over is not None and approval is None:
        return 0  # a person is asked before Zoho is
    parties = (vendor_of_expense(expense), customer_of_expense(expense))
    receipt = _left(task, "receipt", once_per) if expense.receipt else 0
    return _to_post(task, "expense", once_per, parties) + receipt


def _for_order(task: Task, drafts: Drafts) -> int:
    known = task.record("invoice", drafts.once_per)
    is_there = known is not None and known.state != "new"
    invoices = drafts.invoice if not drafts.is_edit else None
    if invoices is None and not is_there:
        return 0
    parties = () if invoices is None else (customer_of_order(drafts, invoices),)
    calls = _to_post(task, "invoice", drafts.once_per, parties) + _to_follow_up(task, drafts, invoices)
    refunds = sum(TO_REFUND for refund in drafts.refunds if _left(task, "credit_note", refund.once_per))
    return calls + refunds + (TO_CANCEL if drafts.cancel and _left(task, "void", drafts.once_per) else 0)


def _to_follow_up(task: Task, drafts: Drafts, invoice: InvoiceDraft | None) -> int:
    """Marked as sent, paid, e-mailed."""
    wanted, once_per = task.options.invoices, drafts.once_per
    payments = drafts.payments if task.options.payments.record else ()
    to_pay = sum(_left(task, "payment", payment.once_per) for payment in payments)
    is_sent_out = invoice is not None and (wanted.mark_sent or wanted.email or invoice.control_total == 0)
    to_send = _left(task, "sent", once_per) if to_pay or is_sent_out else 0
    return to_pay + to_send + (_to_email(task, drafts) if invoice is not None and wanted.email else 0)


def _to_email(task: Task, drafts: Drafts) -> int:
    """One that was not created just now is looked at first."""
    known = task.record("email", drafts.once_per)
    if drafts.contact is None or drafts.contact.email is None or (known is not None and known.state != "new"):
        return 0
    return 1 if _left(task, "invoice", drafts.once_per) == 1 else 2


def _to_post(task: Task, kind: str, once_per: str, parties: tuple[Party | None, ...]) -> int:
    """The document, and the contacts that are not known yet."""
    left = _left(task, kind, once_per)
    unknown = sum(TO_MAKE_A_CONTACT for party in parties if party is not None and not party.is_known(task))
    return left + unknown if left == 1 else left


def _left(task: Task, kind: str, once_per: str) -> int:
    """The calls that one document still takes."""
    record = task.record(kind, once_per)
    if record is None or record.state == "new":
        return 1
    return TO_SETTLE_A_DOUBT if record.state in IN_DOUBT else 0

"""The life of an order: invoiced, paid, refunded, cancelled; whatever comes first, twice or late.

One worker at a time does an order's things, in this order: its invoice, then payments, refunds, the cancellation, and
last what only tells of it. Each is a document of its own, so that whoever goes on after a crash finds what was done.
"""

from dataclasses import dataclass, replace

from drafts import Drafts
from errors import Conflict, WaitsForOrder
from ledger.records import DocumentRecord
from worker.credits import cancel, credit, make_room
from worker.documents import digest_money
from worker.invoices import Version, newest_version, post_invoice
from worker.payments import missing_payments, pay, refuse_unpayable
from worker.settling import Invoiced
from worker.statuses import email, mark_sent, restore, settle_void
from worker.task import Task
from worker.waiting import wait_for_order


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an event came to: the state it ends in, the document it is about, and a word about it."""

    state: str
    record: DocumentRecord | None = None
    detail: str = ""


def settle_order(task: Task, drafts: Drafts) -> Outcome:
    """Does for an order what an event asks for; raises what keeps it from being done."""
    order = task.key_of_order(drafts.once_per)
    task = replace(task, order=order)
    newer_than = None if drafts.invoice is None else task.event.version or 0.0
    with task.desk.ledger.orders.locked(order, task.lease, told=_told(task, drafts), newer_than=newer_than) as held:
        newest = newest_version(task, drafts, held.newer) if drafts.invoice is not None else Version(drafts, None)
        invoice = _invoice(task, drafts, newest)
        if invoice is None:
            return _without_invoice(task, drafts)
        for told in _followed(Version(drafts, task.event.version), newest, invoice):
            _follow_up(task, told, invoice, is_cancelled=held.is_cancelled)
        held.is_invoiced = True
    return Outcome("posted", invoice, invoice.number or invoice.zoho_id or "")


def _followed(own: Version, newest: Version, invoice: DocumentRecord) -> tuple[Version, ...]:
    """Whose follow-ups are done: the event's own, and those of the newest version unless it contradicts the invoice.

    What contradicts is left to its own event, which waits for a person.
    """
    newer = newest.drafts.invoice
    if newest.drafts is own.drafts or newer is None or invoice.money not in (None, digest_money(newer)):
        return (own,)
    return (own, newest)


def _told(task: Task, drafts: Drafts) -> tuple[bool, float] | None:
    """Whether the event says that the order is cancelled, and as of when; None if it does not hold the whole order."""
    version = task.event.version
    if drafts.cancel is None and (drafts.invoice is None or version is None):
        return None
    return drafts.cancel is not None, task.event.received_at.timestamp() if version is None else version


def _invoice(task: Task, drafts: Drafts, newest: Version) -> DocumentRecord | None:
    """The order's posted invoice; None where there is none and this event does not bring it about."""
    if drafts.invoice is not None and not drafts.is_edit:
        return post_invoice(task, drafts.invoice, newest)
    known = task.record("invoice", drafts.once_per)
    if known is None or known.state == "new":
        return None
    if drafts.invoice is not None:
        return post_invoice(task, drafts.invoice, newest)
    if known.state in ("undoing", "undone"):
        wait_for_order(task, drafts.once_per, f"{known.number} was taken back by a person.")
    if known.state != "posted":
        raise WaitsForOrder("It is not known yet whether the order's invoice stands.", retry_after_seconds=5)
    if not known.totals_agree:  # nothing is built on a total that a person has yet to look at
        what = f"The total of {known.number} is not the sender's; somebody has to look at it first."
        wait_for_order(task, drafts.once_per, what)
    return task.in_these_books(known)


def _without_invoice(task: Task, drafts: Drafts) -> Outcome:
    """Waits for the invoice where something is to be done on it; else there is nothing to do.

    A change of the whole order does not wait: whatever invoices the order later, does all that the newest version says.
    """
    if drafts.is_edit:
        return Outcome("ignored", detail="the order is not invoiced; should it be, its newest version counts")
    if drafts.cancel is not None:
        return Outcome("ignored", detail="the order is not invoiced, so nothing has to be cancelled")
    if not (drafts.payments or drafts.refunds):
        return Outcome("ignored", detail="there is nothing to do")
    wait_for_order(task, drafts.once_per, "The order it belongs to is not invoiced yet.")


def _follow_up(task: Task, told: Version, invoice: DocumentRecord, *, is_cancelled: bool) -> None:
    drafts = told.drafts
    invoiced = Invoiced(drafts.once_per, invoice)
    voided, cancelled = task.records(("void", drafts.once_per), ("credit_note", f"cancel:{drafts.once_per}"))
    is_void = settle_void(task, drafts.once_per, invoice, voided)
    if drafts.invoice is not None and not is_cancelled:
        _reopen(task, invoiced, cancelled, is_void=is_void)
    _pay(task, drafts, invoiced)
    for refund in drafts.refunds:
        credit(task, invoiced, refund, version=told.at)
    if is_cancelled:
        cancel(task, invoiced, drafts.cancel)
    elif drafts.invoice is not None and not drafts.is_edit:
        _send_out(task, drafts, invoiced)


def _reopen(task: Task, invoiced: Invoiced, cancelled: DocumentRecord | None, *, is_void: bool) -> None:
    """An order that was cancelled and is not any more: its void invoice counts again."""
    if is_void:
        restore(task, invoiced.once_per, invoiced.record)
    if cancelled is not None and cancelled.state == "posted":
        raise Conflict(
            f"The order is active again, but {invoiced.record.number} is credited by {cancelled.number}.",
            code="credited",
            remedy="Nothing was changed in Zoho. Take the cancellation back (bookhook undo with the id of its event), "
            "then retry; or invoice the order by hand, then say so: bookhook retry --done.",
        )


def _pay(task: Task, drafts: Drafts, invoiced: Invoiced) -> None:
    for payment in missing_payments(task, drafts.once_per, drafts.payments):
        refuse_unpayable(payment, invoiced.record)
        restore(task, invoiced.once_per, invoiced.record)
        mark_sent(task, invoiced.once_per, invoiced.record)
        make_room(task, invoiced)
        task.desk.ledger.orders.add_payment(task.key_of_order(drafts.once_per), task.key("payment", payment.once_per))
        pay(task, drafts.once_per, payment, invoiced.record)


def _send_out(task: Task, drafts: Drafts, invoiced: Invoiced) -> None:
    """What the connection wants done with an invoice whose total is right."""
    wanted = task.options.invoices
    is_free = invoiced.record.total == 0  # nobody will pay anything on it, so nothing else makes it count
    if wanted.mark_sent or wanted.email or is_free:
        mark_sent(task, invoiced.once_per, invoiced.record)
    if wanted.email:
        email(task, invoiced.once_per, invoiced.record, drafts.contact.email if drafts.contact else None)

"""What is taken off an invoice again: credit notes, what of them is paid back, what is set against the invoice.

A refund is a credit note of its own. A cancelled order on which nothing was paid is void; where something was paid, all
that is not credited yet becomes one credit note, and what is refunded later is paid out of it. So nothing of a
cancelled order stays invoiced, whatever came first.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from drafts import CancelDraft, RefundDraft
from errors import Conflict, RetryLater
from ledger.records import DocumentRecord
from worker.documents import compare_totals, digest_money, marked_effect, refuse_contradiction
from worker.paying_back import ZERO, Payback, paid_back
from worker.payments import balance_of, customer_of, mend_customer
from worker.posting import Prepared
from worker.settling import Invoiced, set_against
from worker.so_far import parts
from worker.statuses import IN_DOUBT, void
from worker.task import Task
from worker.waiting import wait_for_order
from zoho.bodies import Body
from zoho.planning import Plan
from zoho.protocol import Row, read_money
from zoho.wording import say


def credit(task: Task, invoiced: Invoiced, refund: RefundDraft, *, version: float | None) -> None:
    """The refund's credit note, paid out or set against the invoice as the sender says; one for each part so far.

    The `version` that says so (unix seconds) is None where nobody knows.
    """
    if not refund.is_so_far:
        _credit_one(task, invoiced, refund, version)
        return
    for part, _ in parts(task, refund):
        _credit_one(task, invoiced, part, version, is_part=True)


def _credit_one(
    task: Task, invoiced: Invoiced, refund: RefundDraft, version: float | None, *, is_part: bool = False
) -> None:
    if _is_void(task, invoiced):
        _leave_void(task, invoiced, refund)
        return
    covering = _covering(task, invoiced, refund)
    note = covering or _credit_note(task, invoiced, refund)
    payback = Payback(task, refund, note, version, is_part=is_part)
    if payback.is_outdated():
        return
    if covering is not None:
        _await_credit(task, invoiced, payback)
    else:
        set_against(task, invoiced, refund.once_per, note, most=refund.control_total - payback.told)
    payback.pay_out()


def _is_void(task: Task, invoiced: Invoiced) -> bool:
    known = task.record("void", invoiced.once_per)
    return known is not None and known.state == "posted"


def _leave_void(task: Task, invoiced: Invoiced, refund: RefundDraft) -> None:
    """On a void invoice nothing is left to credit; money that went back was paid before, which has yet to be told."""
    if paid_back(task, refund):
        wait_for_order(task, invoiced.once_per, "What was paid for the order is not told yet.")
    task.note("nothing_to_credit", "the invoice is void")


def _covering(task: Task, invoiced: Invoiced, refund: RefundDraft) -> DocumentRecord | None:
    """The credit note over all of a cancelled order, where it holds this refund already."""
    own, cancelled = task.record("credit_note", refund.once_per), task.record("credit_note", _of_cancel(invoiced))
    if (own is not None and own.state != "new") or cancelled is None or cancelled.state != "posted":
        return None
    return cancelled


def _await_credit(task: Task, invoiced: Invoiced, payback: Payback) -> None:
    """Waits while the credit is set against what is owed: what was paid, and went back, has yet to be told."""
    if (left := payback.left) and balance_of(task, "credit_note", payback.note) < left:
        wait_for_order(task, invoiced.once_per, "What was paid for the order is not told yet.")


def cancel(task: Task, invoiced: Invoiced, draft: CancelDraft | None) -> None:
    """Leaves nothing of the order invoiced: void where nothing was paid or credited, else credited.

    Raises RetryLater while a payment is in doubt: a void would tear it off the invoice.
    """
    if _is_void(task, invoiced):
        return
    _records(task, task.desk.ledger.orders.payments(task.key_of_order(invoiced.once_per)), "payment")
    row = task.books.row("invoice", invoiced.invoice_id)
    if row.get("status") != "void":
        if _is_begun(task, "credit_note", _of_cancel(invoiced)) or _is_touched(task, invoiced, row):
            _credit_rest(task, invoiced, draft)
        else:
            void(task, invoiced.once_per, invoiced.record)


def _is_begun(task: Task, kind: str, once_per: str) -> bool:
    known = task.record(kind, once_per)
    return known is not None and known.state != "new"


def _is_touched(task: Task, invoiced: Invoiced, row: Row) -> bool:
    """Whether anything was paid or credited, by us or by hand, so that a void would tear it off."""
    return read_money(row["balance"]) != read_money(row["total"]) or _credited(task, invoiced) > 0


def _credit_rest(task: Task, invoiced: Invoiced, draft: CancelDraft | None) -> None:
    once_per = _of_cancel(invoiced)
    note = task.record("credit_note", once_per)
    if note is None or note.state != "posted":
        besides = task.key("credit_note", once_per)  # it may itself be in doubt, and is then looked for
        rest = (invoiced.record.total or ZERO) - _credited(task, invoiced, besides=besides)
        if rest <= 0:
            return
        note = _credit_note(task, invoiced, _cancelling(task, invoiced, rest, draft))
    set_against(task, invoiced, once_per, note, most=note.total or ZERO)


def make_room(task: Task, invoiced: Invoiced) -> None:
    """Takes off the invoice what a cancellation has set against it, for a payment that is told only now.

    The cancellation then sets against it what the payment has left.
    """
    once_per = _of_cancel(invoiced)
    applied = task.record("credit", once_per)
    if applied is None or applied.state == "new":
        return
    if applied.state != "posted":
        raise RetryLater("A credit note of the order is in doubt.", code="busy", retry_after_seconds=5)
    for row in task.books.credited(applied.zoho_id or ""):
        if str(row.get("invoice_id")) == invoiced.invoice_id:
            task.hold_order()
            deadline = task.desk.ledger.clock() + task.desk.send_seconds
            task.books.take_credit_off(applied.zoho_id or "", str(row["creditnote_invoice_id"]), deadline=deadline)
    task.begin_anew("credit", once_per)


def _cancelling(task: Task, invoiced: Invoiced, rest: Decimal, draft: CancelDraft | None) -> RefundDraft:
    number = invoiced.record.number or ""
    return RefundDraft(
        once_per=_of_cancel(invoiced),
        reference_number=say("Cancelled {number}", task.options.language, number=number).strip(),
        date=draft.date if draft else task.today(),
        currency_code=invoiced.record.currency_code or "",
        control_total=rest,
        notes=draft.reason if draft else None,
    )


def _of_cancel(invoiced: Invoiced) -> str:
    return f"cancel:{invoiced.once_per}"


def _credited(task: Task, invoiced: Invoiced, *, besides: str = "") -> Decimal:
    """What the order's credit notes come to; raises RetryLater while it is not known of one whether it stands."""
    keys = task.desk.ledger.orders.credits(task.key_of_order(invoiced.once_per))
    records = _records(task, [key for key in keys if key != besides], "credit note")
    return sum((record.total or ZERO for record in records if record.state == "posted"), ZERO)


def _records(task: Task, keys: Iterable[str], what: str) -> list[DocumentRecord]:
    """The records under the keys; raises RetryLater while it is not known of one whether it stands."""
    records = [record for key in keys if (record := task.desk.ledger.documents.get(key)) is not None]
    if any(record.state in IN_DOUBT for record in records):
        raise RetryLater(f"A {what} of the order is in doubt.", code="busy", retry_after_seconds=5)
    return records


def _credit_note(task: Task, invoiced: Invoiced, refund: RefundDraft) -> DocumentRecord:
    """The posted credit note; raises Conflict where the credit notes would come to more than the invoice."""
    key = task.key("credit_note", refund.once_per)
    _refuse_too_much(invoiced, refund, _credited(task, invoiced, besides=key))
    task.desk.ledger.orders.add_credit(task.key_of_order(invoiced.once_per), key)
    effect = marked_effect(
        task,
        "credit_note",
        refund.once_per,
        prepare=lambda marker: _prepare(task, invoiced, refund, marker),
        mend=lambda body: mend_customer(task, invoiced.record, body),
    )
    record = task.bring_about(effect)
    refuse_contradiction(task, refund, record, order=invoiced.once_per)
    compare_totals(record, refund.currency_code)
    return record


def _refuse_too_much(invoiced: Invoiced, refund: RefundDraft, credited: Decimal) -> None:
    total = invoiced.record.total or ZERO
    if credited + refund.control_total > total or refund.currency_code != invoiced.record.currency_code:
        raise Conflict(
            f"{refund.control_total} {refund.currency_code} is to be credited, but invoice {invoiced.record.number} is "
            f"over {total} {invoiced.record.currency_code}, of which {credited} is credited already.",
            code="credit_exceeds_invoice",
            field="control_total",
            remedy="Compare the refunds at the sender with the credit notes in Zoho Books, credit the rest by hand.",
        )


def _prepare(task: Task, invoiced: Invoiced, refund: RefundDraft, marker: str) -> Prepared:
    """By its own lines, or in the proportions of what is left of the invoice where it has none."""
    plan: Plan | Body
    refund = _at_the_invoices_rate(task, invoiced, refund)
    if refund.lines:
        plan = task.books.plan_credit_note(refund, task.options)
    else:
        others = [task.books.row("credit_note", note.zoho_id or "") for note in _notes(task, invoiced, refund)]
        invoice = task.books.row("invoice", invoiced.invoice_id)
        plan = task.books.plan_share(refund, invoice, others, language=task.options.language)
    return Prepared(
        body=task.books.credit_note_body(refund, plan, customer_id=customer_of(task, invoiced.record), marker=marker),
        control_total=refund.control_total,
        control_tax=plan.control_tax if isinstance(plan, Plan) else None,
        tax_leeway=plan.tax_leeway if isinstance(plan, Plan) else None,
        currency_code=refund.currency_code,
        money=digest_money(refund),
        order=invoiced.once_per,
    )


def _at_the_invoices_rate(task: Task, invoiced: Invoiced, refund: RefundDraft) -> RefundDraft:
    """What is taken off is worth in the organization's currency what it was worth when it was invoiced."""
    if refund.exchange_rate is not None or "exchange_rate" not in task.books.names.currency(refund.currency_code):
        return refund
    rate = task.books.row("invoice", invoiced.invoice_id).get("exchange_rate")
    return replace(refund, exchange_rate=read_money(rate) if rate else None)


def _notes(task: Task, invoiced: Invoiced, refund: RefundDraft) -> list[DocumentRecord]:
    """The order's other credit notes that stand."""
    own, order = task.key("credit_note", refund.once_per), task.key_of_order(invoiced.once_per)
    records = _records(task, [key for key in task.desk.ledger.orders.credits(order) if key != own], "credit note")
    return [record for record in records if record.state == "posted"]

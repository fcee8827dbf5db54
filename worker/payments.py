"""Payments of an order: recorded against its invoice, each once."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from drafts import DocumentKind, PaymentDraft
from errors import NeedsAttention, Question
from ledger.records import DocumentRecord
from worker.documents import digest_money, marked_effect, refuse_contradiction
from worker.posting import Prepared
from worker.so_far import parts
from worker.task import Task
from zoho.protocol import freeze, read_money, thaw

THEN_DONE = "then say so: bookhook retry --done"


def missing_payments(task: Task, order: str, payments: tuple[PaymentDraft, ...]) -> Iterator[PaymentDraft]:
    """The payments that are not recorded yet; of one that says what was paid so far, what that leaves."""
    for payment in payments if task.options.payments.record else ():
        if payment.is_so_far:
            yield from _missing_parts(task, payment)
        elif not _is_posted(task, order, payment):
            yield payment


def refuse_unpayable(payment: PaymentDraft, invoice: DocumentRecord) -> None:
    """Raises NeedsAttention for a payment that cannot be one of this invoice, before anything is done to it."""
    if payment.currency_code != invoice.currency_code:
        raise NeedsAttention(
            f"The payment is in {payment.currency_code}, the invoice {invoice.number} in {invoice.currency_code}.",
            code="currency_differs",
            field="currency_code",
            remedy=f"Record the payment in Zoho Books by hand, {THEN_DONE}; or have the sender tell it in the "
            "invoice's currency.",
        )
    if invoice.total is not None and payment.amount > invoice.total:
        raise _exceeding(payment, invoice, invoice.total)


def _exceeding(payment: PaymentDraft, invoice: DocumentRecord, most: Decimal) -> NeedsAttention:
    return NeedsAttention(
        f"The payment is of {payment.amount} {payment.currency_code}, but of invoice {invoice.number} only {most} "
        f"{invoice.currency_code} is open.",
        code="payment_exceeds_invoice",
        field="amount",
        remedy="Compare the payments at the sender with those in Zoho Books: was it recorded there before? Record what "
        f"is missing by hand, {THEN_DONE}.",
    )


def pay(task: Task, order: str, payment: PaymentDraft, invoice: DocumentRecord) -> None:
    """Records the payment of an order and applies it to the invoice."""
    if is_settled_by_hand(task, payment.method, left=lambda: balance_of(task, "invoice", invoice)):
        return
    effect = marked_effect(
        task,
        "payment",
        payment.once_per,
        prepare=lambda marker: _prepare(task, order, payment, invoice, marker),
        mend=lambda body: _mend(task, payment, invoice, body),
    )
    refuse_contradiction(task, payment, task.bring_about(effect), order=order)


def _mend(task: Task, payment: PaymentDraft, invoice: DocumentRecord, body: str) -> str | None:
    """A refused body for the invoice's present customer; raises NeedsAttention where it is more than is open."""
    if (mended := mend_customer(task, invoice, body)) is not None:
        return mended
    if (left := balance_of(task, "invoice", invoice)) < payment.amount:
        raise _exceeding(payment, invoice, left)
    return None


def is_settled_by_hand(task: Task, method: str | None, *, left: Callable[[], Decimal]) -> bool:
    """Whether a person has moved money that came or went by several methods; False where one account is meant.

    Nobody tells how much of it belongs to which account: raises NeedsAttention until nothing is `left`.
    """
    accounts = task.options.payments.accounts_of(method)
    if len(accounts) < 2:
        return False
    if left() <= 0:
        task.note("settled_by_hand", method or "")
        return True
    raise NeedsAttention(
        f"The money moved by several methods ({method}), which have accounts of their own; how much by which is not "
        "told.",
        code="several_accounts",
        field="method",
        remedy=f"Record it in Zoho Books by hand, a part for each of the accounts, then retry; or give “{method}” an "
        "account of its own, in the console (Failures) or by `payments.accounts`.",
        question=Question(about="method", word=method or ""),
    )


def balance_of(task: Task, kind: DocumentKind, record: DocumentRecord) -> Decimal:
    """What is open of an invoice or a credit note in Zoho now."""
    return read_money(task.books.row(kind, record.zoho_id or "")["balance"])


def mend_customer(task: Task, invoice: DocumentRecord, body: str) -> str | None:
    """A refused body with the invoice's present customer, if that is another by now; else None."""
    customer_id = str(task.books.row("invoice", invoice.zoho_id or "").get("customer_id") or "")
    content = thaw(body)
    if not customer_id or content.get("customer_id") == customer_id:
        return None
    return freeze({**content, "customer_id": customer_id})


def customer_of(task: Task, invoice: DocumentRecord) -> str:
    """The id of the invoice's customer."""
    return invoice.customer_id or str(task.books.row("invoice", invoice.zoho_id or "")["customer_id"])


def _prepare(task: Task, order: str, payment: PaymentDraft, invoice: DocumentRecord, marker: str) -> Prepared:
    body = task.books.payment_body(
        payment,
        task.options,
        customer_id=customer_of(task, invoice),
        invoice_id=invoice.zoho_id or "",
        marker=marker,
    )
    return Prepared(
        body=body,
        control_total=payment.amount,
        currency_code=payment.currency_code,
        money=digest_money(payment),
        order=order,
    )


def _missing_parts(task: Task, payment: PaymentDraft) -> Iterator[PaymentDraft]:
    for part, known in parts(task, payment):
        if known is None or known.state != "posted":
            yield part
        else:
            task.mention(known)


def _is_posted(task: Task, order: str, payment: PaymentDraft) -> bool:
    record = task.record("payment", payment.once_per)
    if record is None or record.state != "posted":
        return False
    task.mention(record)
    refuse_contradiction(task, payment, record, order=order)
    return True

"""What is paid, credited, paid back and left over: worked out anew whenever a payment or a credit is applied or undone.

An invoice that is sent becomes partially paid and paid by it, a credit note closed; both find back by themselves.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from sandbox.answers import Record, wrong_value
from sandbox.links import Kind, Link
from sandbox.money import amount_of
from sandbox.state import Books
from sandbox.totals import rounded

UNPAID = ("sent", "partially_paid")
ISSUED = (*UNPAID, "paid")


def settle(held: Books, document_id: str) -> None:
    """Bring the sums and the status of an invoice, a payment or a credit note up to date."""
    for records, bring_up in (
        (held.invoices, _settle_invoice),
        (held.customerpayments, _settle_payment),
        (held.creditnotes, _settle_credit_note),
    ):
        if document_id in records:
            bring_up(held, records[document_id])


def _settle_invoice(held: Books, invoice: Record) -> None:
    paid = _in_decimals(invoice, held.links.amount(invoice["invoice_id"], "payment"))
    credited = _in_decimals(invoice, held.links.amount(invoice["invoice_id"], "credit"))
    balance = invoice["total"] - paid - credited
    invoice |= {"payment_made": paid, "credits_applied": credited, "balance": balance}
    if invoice["status"] in ISSUED:
        invoice["status"] = _how_far(balance, invoice["total"])


def _how_far(balance: Decimal, total: Decimal) -> str:
    if balance == 0:
        return "paid"
    return "sent" if balance == total else "partially_paid"


def _settle_payment(held: Books, payment: Record) -> None:
    refunded = paid_back(held, payment["payment_id"])
    unused = payment["amount"] - held.links.amount(payment["payment_id"], "payment") - refunded
    payment |= {"amount_refunded": _in_decimals(payment, refunded), "unused_amount": unused}


def _settle_credit_note(held: Books, note: Record) -> None:
    used = _in_decimals(note, held.links.amount(note["creditnote_id"], "credit"))
    refunded = _in_decimals(note, paid_back(held, note["creditnote_id"]))
    balance = note["total"] - used - refunded
    note |= {"total_credits_used": used, "total_refunded_amount": refunded, "balance": balance}
    if note["status"] in ("open", "closed"):
        note["status"] = "open" if balance else "closed"


def _in_decimals(document: Record, amount: Decimal) -> Decimal:
    return rounded(amount, document["price_precision"])


def paid_back(held: Books, source_id: str) -> Decimal:
    """What was refunded of a payment or a credit note."""
    return sum((refund["amount"] for refund in held.refunds_of(source_id).values()), Decimal(0))


def check_applications(
    held: Books, asked: Iterable[Record], *, customer_id: str, most: Decimal
) -> Mapping[str, Decimal]:
    """Invoice ids and what of `most` is to be applied to each; refused if one of them cannot take it."""
    applied: dict[str, Decimal] = {}
    for row in asked:
        invoice = _payable(held, str(row.get("invoice_id", "")), customer_id)
        amount = amount_of(row.get("amount_applied", 0), "amount_applied", precision=invoice["price_precision"])
        if amount > invoice["balance"]:
            raise wrong_value(f"The amount applied is more than the balance of invoice {invoice['invoice_number']}.")
        if invoice["invoice_id"] in applied:
            raise wrong_value(f"Invoice {invoice['invoice_number']} is named twice.")
        applied[invoice["invoice_id"]] = amount
    if sum(applied.values()) > most:
        raise wrong_value("The amounts applied are more than there is to apply.")
    return applied


def _payable(held: Books, invoice_id: str, customer_id: str) -> Record:
    invoice = held.invoices.get(invoice_id)
    if invoice is None:
        raise wrong_value("Invoice does not exist.")
    if invoice["customer_id"] != customer_id:
        raise wrong_value(f"Invoice {invoice['invoice_number']} is another customer's.")
    if invoice["status"] not in ISSUED:
        raise wrong_value(f"Invoice {invoice['invoice_number']} is {invoice['status']}: nothing can be applied to it.")
    return invoice


def apply(held: Books, applied: Mapping[str, Decimal], *, source_id: str, kind: Kind, date: str) -> None:
    """Link a payment or a credit note to the invoices that `check_applications` has passed."""
    for invoice_id, amount in applied.items():
        link_id = held.new_id("link")
        held.links.add(
            Link(link_id=link_id, kind=kind, source_id=source_id, invoice_id=invoice_id, amount=amount, date=date)
        )
        settle(held, invoice_id)
    settle(held, source_id)


def release(held: Books, links: Iterable[Link]) -> None:
    """Undo links: what was applied is owed again, and is the customer's credit again."""
    for link in links:
        held.links.remove(link)
        settle(held, link.invoice_id)
        settle(held, link.source_id)


def receivables(held: Books) -> dict[str, Record]:
    """What each customer owes, and what there is of theirs to apply or pay back; by contact id."""
    owed: defaultdict[str, Decimal] = defaultdict(Decimal)
    credit: defaultdict[str, Decimal] = defaultdict(Decimal)
    for invoice in held.invoices.values():
        owed[invoice["customer_id"]] += invoice["balance"] if invoice["status"] in ISSUED else 0
    for note in held.creditnotes.values():
        credit[note["customer_id"]] += note["balance"] if note["status"] in ("open", "closed") else 0
    for payment in held.customerpayments.values():
        credit[payment["customer_id"]] += payment["unused_amount"]
    return {
        contact_id: {
            "outstanding_receivable_amount": owed[contact_id],
            "unused_credits_receivable_amount": credit[contact_id],
        }
        for contact_id in held.contacts
    }

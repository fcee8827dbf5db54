"""What becomes of a credit note: paid back to the customer, or set against an invoice.

https://www.zoho.com/books/api/v3/credit-notes/
"""

from decimal import Decimal

from flask import Blueprint, Response

from sandbox.answers import Record, envelope, missing, wrong_value
from sandbox.call import books, json_body, today
from sandbox.creditnotes import credited_rows, find_credit_note
from sandbox.fields import CREDITED_INVOICES
from sandbox.listing import Listing, ids, list_page
from sandbox.refunds import pay_back
from sandbox.settings import find
from sandbox.settling import apply, check_applications, release, settle
from sandbox.validation import check_body

api = Blueprint("credits", __name__, url_prefix="/books/v3")

REFUNDS = Listing(
    resource="creditnote_refunds",
    id_key="creditnote_refund_id",
    filters=ids("customer_id"),
    sort_columns=("refund_mode", "reference_number", "date", "creditnote_number", "customer_name", "amount_bcy"),
)


@api.get("/creditnotes/refunds")
def list_all_refunds() -> Response:
    refunds = [refund for note_id in books().creditnotes for refund in books().refunds_of(note_id).values()]
    return list_page(REFUNDS, refunds)


@api.post("/creditnotes/<creditnote_id>/refunds")
def refund_credit_note(creditnote_id: str) -> Response:
    note = find_credit_note(creditnote_id)
    refund = pay_back(note, creditnote_id, left=_left(note), id_key="creditnote_refund_id")
    refund |= {"creditnote_id": creditnote_id, "creditnote_number": note["creditnote_number"]}
    return envelope("The credit note amount is refunded successfully.", creditnote_refund=refund)


@api.get("/creditnotes/<creditnote_id>/refunds")
def list_refunds(creditnote_id: str) -> Response:
    find_credit_note(creditnote_id)
    return list_page(REFUNDS, books().refunds_of(creditnote_id).values())


@api.get("/creditnotes/<creditnote_id>/refunds/<refund_id>")
def show_refund(creditnote_id: str, refund_id: str) -> Response:
    return envelope(creditnote_refund=_find_refund(creditnote_id, refund_id))


@api.delete("/creditnotes/<creditnote_id>/refunds/<refund_id>")
def delete_refund(creditnote_id: str, refund_id: str) -> Response:
    _find_refund(creditnote_id, refund_id)
    del books().refunds_of(creditnote_id)[refund_id]
    settle(books(), creditnote_id)
    return envelope("The refund has been successfully deleted.")


@api.post("/creditnotes/<creditnote_id>/invoices")
def apply_credit(creditnote_id: str) -> Response:
    note = find_credit_note(creditnote_id)
    body = check_body(json_body(), CREDITED_INVOICES, required=("invoices",))
    applied = check_applications(books(), body["invoices"], customer_id=note["customer_id"], most=_left(note))
    apply(books(), applied, source_id=creditnote_id, kind="credit", date=today())
    return envelope("Credits have been applied to the invoice(s).")


@api.get("/creditnotes/<creditnote_id>/invoices")
def list_credited_invoices(creditnote_id: str) -> Response:
    return envelope(invoices_credited=credited_rows(books(), find_credit_note(creditnote_id)))


@api.delete("/creditnotes/<creditnote_id>/invoices/<link_id>")
def take_back_credit(creditnote_id: str, link_id: str) -> Response:
    find_credit_note(creditnote_id)
    links = [link for link in books().links.of(creditnote_id) if link.link_id == link_id]
    if not links:
        raise missing("Credit does not exist.")
    release(books(), links)
    return envelope("Credits applied to an invoice have been deleted.")


def _left(note: Record) -> Decimal:
    """What there is to apply or pay back; only an open credit note has any."""
    if note["status"] not in ("open", "closed"):
        raise wrong_value(f"A credit note that is {note['status']} can neither be applied nor refunded.")
    balance: Decimal = note["balance"]
    return balance


def _find_refund(creditnote_id: str, refund_id: str) -> Record:
    find_credit_note(creditnote_id)
    return find(books().refunds_of(creditnote_id), refund_id, "Refund")

"""Credit notes: created, listed, changed, deleted, and moved between draft, open and void.

https://www.zoho.com/books/api/v3/credit-notes/ . What becomes of the credit is in `credits`; an open credit note of
which nothing is left is closed.
"""

from flask import Blueprint, Response, request

from sandbox.answers import Record, envelope, wrong_value
from sandbox.billing import credit
from sandbox.call import books, json_body, keep, timestamp
from sandbox.custom_fields import check_custom_fields
from sandbox.fields import CREDIT_NOTE_CREATE, CREDIT_NOTE_UPDATE
from sandbox.listing import Listing, amounts, days, field_of, holds, ids, list_page, same
from sandbox.numbers import CREDIT_NOTES as SERIES
from sandbox.numbers import number_for, take
from sandbox.settings import find
from sandbox.settling import settle
from sandbox.state import Books
from sandbox.validation import check_body

api = Blueprint("creditnotes", __name__, url_prefix="/books/v3")

_REQUIRED = ("customer_id", "date", "line_items")
_SUMMARY = (
    "creditnote_id",
    "creditnote_number",
    "status",
    "reference_number",
    "date",
    "total",
    "balance",
    "customer_id",
    "customer_name",
    "currency_id",
    "currency_code",
    "exchange_rate",
    "created_time",
    "last_modified_time",
)
_NEXT = {"open": ("draft", "void"), "void": ("draft", "open"), "draft": ("open", "void")}
_MOVED = {
    "open": "Status of the credit note has been changed to open.",
    "void": "The credit note has been marked as void.",
    "draft": "The credit note has been marked as Draft.",
}

CREDIT_NOTES = Listing(
    resource="creditnotes",
    id_key="creditnote_id",
    filters=days("date")
    | amounts("total")
    | ids("customer_id", "status", "creditnote_number", "reference_number", "customer_name")
    | {
        "item_id": lambda note, value: any(line["item_id"] == value for line in note["line_items"]),
        "item_name": lambda note, value: any(same(field_of("name"))(line, value) for line in note["line_items"]),
        "search_text": lambda note, text: any(
            holds(field_of(name))(note, text) for name in ("creditnote_number", "customer_name", "reference_number")
        ),
    },
    filter_by={
        "Status.All": lambda note: True,
        "Status.Open": lambda note: note["status"] == "open",
        "Status.Draft": lambda note: note["status"] == "draft",
        "Status.Closed": lambda note: note["status"] == "closed",
        "Status.Void": lambda note: note["status"] == "void",
    },
    summary=lambda note: {name: note[name] for name in _SUMMARY},
    sort_columns=("customer_name", "creditnote_number", "balance", "total", "date", "created_time"),
)


@api.post("/creditnotes")
def create_credit_note() -> Response:
    body = check_body(json_body(), CREDIT_NOTE_CREATE, required=_REQUIRED)
    check_custom_fields(body, "creditnote")
    note = credit(body) | _origin()
    note_id = books().new_id("creditnote")
    note |= {
        "creditnote_id": note_id,
        "creditnote_number": number_for(SERIES, body),
        "status": "draft" if body.get("is_draft") else "open",
        "created_time": timestamp(),
        "last_modified_time": timestamp(),
    }
    keep(books().creditnotes, note_id, note)
    settle(books(), note_id)
    return envelope("The credit note has been created.", status=201, creditnote=shown(books(), note))


@api.get("/creditnotes")
def list_credit_notes() -> Response:
    return list_page(CREDIT_NOTES, books().creditnotes.values())


@api.get("/creditnotes/<creditnote_id>")
def show_credit_note(creditnote_id: str) -> Response:
    return envelope(creditnote=shown(books(), find_credit_note(creditnote_id)))


@api.put("/creditnotes/<creditnote_id>")
def update_credit_note(creditnote_id: str) -> Response:
    before = find_credit_note(creditnote_id)
    body = check_body(json_body(), CREDIT_NOTE_UPDATE, required=_REQUIRED)
    check_custom_fields(body, "creditnote", own_id=creditnote_id)
    if body.get("creditnote_number", before["creditnote_number"]) != before["creditnote_number"]:
        take(SERIES, body["creditnote_number"])
    kept = {name: value for name, value in before.items() if name in CREDIT_NOTE_UPDATE}
    after = before | credit(kept | body) | {"last_modified_time": timestamp()}
    _refuse_below_used(before, after)
    books().creditnotes[creditnote_id] = after
    settle(books(), creditnote_id)
    return envelope("The credit note has been updated.", creditnote=shown(books(), after))


@api.delete("/creditnotes/<creditnote_id>")
def delete_credit_note(creditnote_id: str) -> Response:
    _refuse_used(find_credit_note(creditnote_id), "deleted")
    del books().creditnotes[creditnote_id]
    return envelope("The credit note has been deleted.")


@api.post("/creditnotes/<creditnote_id>/status/<any(open, void, draft):status>")
def move_credit_note(creditnote_id: str, status: str) -> Response:
    note = find_credit_note(creditnote_id)
    if note["status"] not in _NEXT[status]:
        raise wrong_value(f"A credit note that is {note['status']} cannot become {status}.")
    _refuse_used(note, f"marked as {status}")
    note |= {"status": status, "last_modified_time": timestamp()}
    settle(books(), creditnote_id)
    return envelope(_MOVED[status])


def find_credit_note(creditnote_id: str) -> Record:
    """The credit note with this id, or Zoho's refusal."""
    return find(books().creditnotes, creditnote_id, "Credit note")


def shown(held: Books, note: Record) -> Record:
    """The credit note with the invoices it is set against."""
    return note | {"invoices_credited": credited_rows(held, note)}


def credited_rows(held: Books, note: Record) -> list[Record]:
    """The invoices a credit note is set against, and what of it against each."""
    return [
        {
            "creditnote_id": note["creditnote_id"],
            "creditnote_number": note["creditnote_number"],
            "creditnote_invoice_id": link.link_id,
            "invoice_id": link.invoice_id,
            "invoice_number": held.invoices[link.invoice_id]["invoice_number"],
            "date": link.date,
            "credited_amount": link.amount,
        }
        for link in held.links.of(note["creditnote_id"])
    ]


def _origin() -> Record:
    """The invoice the query says the credit note is about; that applies nothing to it."""
    invoice_id = request.args.get("invoice_id", "")
    invoice = find(books().invoices, invoice_id, "Invoice") if invoice_id else {}
    return {"invoice_id": invoice_id, "invoice_number": invoice.get("invoice_number", "")}


def _refuse_used(note: Record, what: str) -> None:
    if note["total_credits_used"] or note["total_refunded_amount"]:
        raise wrong_value(f"A credit note that was applied or refunded cannot be {what}.")


def _refuse_below_used(before: Record, after: Record) -> None:
    used = before["total_credits_used"] + before["total_refunded_amount"]
    if used and before["customer_id"] != after["customer_id"]:
        raise wrong_value("The customer of a credit note that was applied or refunded cannot be changed.")
    if after["total"] < used:
        raise wrong_value("The total of a credit note cannot be less than what is applied and refunded.")

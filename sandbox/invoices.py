"""Invoices: created, listed, changed, deleted, and moved between draft, sent and void.

https://www.zoho.com/books/api/v3/invoices/
"""

from flask import Blueprint, Response, request

from sandbox.answers import ApiError, Record, envelope, wrong_value
from sandbox.billing import bill
from sandbox.call import books, json_body, keep, timestamp
from sandbox.contacts import primary_person
from sandbox.custom_fields import check_custom_fields
from sandbox.fields import INVOICE_CREATE, INVOICE_UPDATE
from sandbox.listing import Listing, amounts, days, field_of, holds, ids, list_page, same, texts
from sandbox.settings import find
from sandbox.validation import check_body

api = Blueprint("invoices", __name__, url_prefix="/books/v3")

_SUMMARY = (
    "invoice_id",
    "invoice_number",
    "customer_id",
    "customer_name",
    "status",
    "reference_number",
    "date",
    "due_date",
    "currency_id",
    "currency_code",
    "exchange_rate",
    "total",
    "balance",
    "created_time",
    "last_modified_time",
)
_NEXT = {"sent": ("draft", "sent"), "void": ("draft", "sent"), "draft": ("void",)}
_MOVED = {
    "sent": "Invoice status has been changed to Sent.",
    "void": "Invoice status has been changed to Void.",
    "draft": "Status of invoice changed from void to draft",
}


def _customer_email(invoice: Record) -> str:
    customer = books().contacts.get(invoice["customer_id"])
    return str(primary_person(customer).get("email") or "") if customer else ""


INVOICES = Listing(
    resource="invoices",
    id_key="invoice_id",
    filters=texts("reference_number", "invoice_number", "customer_name")
    | days("date")
    | days("due_date")
    | amounts("total")
    | amounts("balance")
    | ids("customer_id")
    | {
        "status": lambda invoice, value: value in (invoice["status"], "unpaid" if invoice["status"] == "sent" else ""),
        "email": same(_customer_email),
        "item_id": lambda invoice, value: any(line["item_id"] == value for line in invoice["line_items"]),
        "item_name": lambda invoice, value: any(same(field_of("name"))(line, value) for line in invoice["line_items"]),
        "search_text": lambda invoice, text: any(
            holds(field_of(name))(invoice, text) for name in ("invoice_number", "reference_number", "customer_name")
        ),
    },
    filter_by={
        "Status.All": lambda invoice: True,
        "Status.Draft": lambda invoice: invoice["status"] == "draft",
        "Status.Sent": lambda invoice: invoice["status"] == "sent",
        "Status.Void": lambda invoice: invoice["status"] == "void",
    },
    summary=lambda invoice: {name: invoice[name] for name in _SUMMARY},
    sort_columns=(
        "customer_name",
        "invoice_number",
        "date",
        "due_date",
        "total",
        "balance",
        "created_time",
        "last_modified_time",
    ),
)


@api.post("/invoices")
def create_invoice() -> Response:
    body = check_body(json_body(), INVOICE_CREATE, required=("customer_id", "line_items"))
    check_custom_fields(body, "invoice")
    bill_record = bill(body)
    invoice_id = books().new_id("invoice")
    invoice = bill_record | {
        "invoice_id": invoice_id,
        "invoice_number": _number(body),
        "status": "sent" if body.get("send") or request.args.get("send") == "true" else "draft",
        "invoice_url": f"{request.host_url}app/{books().organization_id}#/invoices/{invoice_id}",
        "created_time": timestamp(),
        "last_modified_time": timestamp(),
    }
    keep(books().invoices, invoice_id, invoice)
    return envelope("The invoice has been created.", status=201, invoice=invoice)


@api.get("/invoices")
def list_invoices() -> Response:
    return list_page(INVOICES, books().invoices.values())


@api.get("/invoices/<invoice_id>")
def show_invoice(invoice_id: str) -> Response:
    return envelope(invoice=_find(invoice_id))


@api.put("/invoices/<invoice_id>")
def update_invoice(invoice_id: str) -> Response:
    before = _find(invoice_id)
    body = check_body(json_body(), INVOICE_UPDATE, required=("customer_id", "line_items"))
    check_custom_fields(body, "invoice", own_id=invoice_id)
    if body.get("invoice_number", before["invoice_number"]) != before["invoice_number"]:
        _take_number(body["invoice_number"])
    stale = ("due_date",) if "date" in body or "payment_terms" in body else ()
    kept = {name: value for name, value in before.items() if name in INVOICE_UPDATE and name not in stale}
    books().invoices[invoice_id] = before | bill(kept | body) | {"last_modified_time": timestamp()}
    return envelope("Invoice information has been updated.", invoice=books().invoices[invoice_id])


@api.delete("/invoices/<invoice_id>")
def delete_invoice(invoice_id: str) -> Response:
    _find(invoice_id)
    del books().invoices[invoice_id]
    return envelope("The invoice has been deleted.")


@api.post("/invoices/<invoice_id>/status/<any(sent, void, draft):status>")
def move_invoice(invoice_id: str, status: str) -> Response:
    invoice = _find(invoice_id)
    if invoice["status"] not in _NEXT[status]:
        raise wrong_value(f"An invoice that is {invoice['status']} cannot become {status}.")
    invoice |= {"status": status, "last_modified_time": timestamp()}
    return envelope(_MOVED[status])


def _find(invoice_id: str) -> Record:
    return find(books().invoices, invoice_id, "Invoice")


def _number(body: Record) -> str:
    """The next number of the series, or the caller's own if the query says that it is."""
    own = str(body.get("invoice_number", ""))
    if request.args.get("ignore_auto_number_generation") == "true":
        if not own:
            raise wrong_value("Invalid value passed for invoice_number: it is required")
        _take_number(own)
        return own
    if own:
        raise wrong_value("invoice_number needs ignore_auto_number_generation=true in the query.")
    return _next_number()


def _next_number() -> str:
    while True:
        books().issued["invoice_number"] += 1
        number = f"INV-{books().issued['invoice_number']:06}"
        if number not in books().own_invoice_numbers:
            return number


def _take_number(number: str) -> None:
    if any(invoice["invoice_number"] == number for invoice in books().invoices.values()):
        raise ApiError(400, 1001, f"Invoice number {number} already exists.")
    books().own_invoice_numbers.add(number)

"""Invoices: created, listed, changed, deleted, e-mailed, and moved between draft, sent and void.

What is paid and credited, and the status that follows from it, is `settling`'s.

https://www.zoho.com/books/api/v3/invoices/
"""

from flask import Blueprint, Response, request

from sandbox.answers import Record, envelope, wrong_value
from sandbox.billing import bill
from sandbox.call import books, json_body, keep, timestamp
from sandbox.contacts import primary_person
from sandbox.custom_fields import check_custom_fields
from sandbox.fields import EMAIL, INVOICE_CREATE, INVOICE_UPDATE
from sandbox.links import Link
from sandbox.listing import Listing, amounts, days, field_of, holds, ids, list_page, same, texts
from sandbox.numbers import INVOICES as SERIES
from sandbox.numbers import number_for, take
from sandbox.settings import find
from sandbox.settling import ISSUED, UNPAID, release, settle
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
    "reminders_sent",
    "last_reminder_sent_date",
    "created_time",
    "last_modified_time",
)
_NEXT = {"sent": ("draft", "sent"), "void": ("draft", *ISSUED), "draft": ("void",)}
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
        "status": lambda invoice, value: value in (invoice["status"], "unpaid" if invoice["status"] in UNPAID else ""),
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
        "Status.Unpaid": lambda invoice: invoice["status"] in UNPAID,
        "Status.PartiallyPaid": lambda invoice: invoice["status"] == "partially_paid",
        "Status.Paid": lambda invoice: invoice["status"] == "paid",
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
    is_sent = bool(body.get("send")) or request.args.get("send") == "true"
    invoice_id = books().new_id("invoice")
    invoice = bill_record | {
        "invoice_id": invoice_id,
        "invoice_number": number_for(SERIES, body),
        "status": "sent" if is_sent else "draft",
        "is_emailed": is_sent,
        "reminders_sent": 0,
        "last_reminder_sent_date": "",
        "invoice_url": f"{request.host_url}app/{books().organization_id}#/invoices/{invoice_id}",
        "created_time": timestamp(),
        "last_modified_time": timestamp(),
    }
    keep(books().invoices, invoice_id, invoice)
    settle(books(), invoice_id)
    if is_sent:
        _post_email(invoice, {"to_mail_ids": [address for address in [_customer_email(invoice)] if address]})
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
        take(SERIES, body["invoice_number"])
    stale = ("due_date",) if "date" in body or "payment_terms" in body else ()
    kept = {name: value for name, value in before.items() if name in INVOICE_UPDATE and name not in stale}
    after = before | bill(kept | body) | {"last_modified_time": timestamp()}
    _refuse_below_paid(before, after)
    books().invoices[invoice_id] = after
    settle(books(), invoice_id)
    return envelope("Invoice information has been updated.", invoice=books().invoices[invoice_id])


@api.delete("/invoices/<invoice_id>")
def delete_invoice(invoice_id: str) -> Response:
    _find(invoice_id)
    if books().links.of(invoice_id):
        raise wrong_value("An invoice that payments or credits are applied to cannot be deleted.")
    del books().invoices[invoice_id]
    return envelope("The invoice has been deleted.")


@api.post("/invoices/<invoice_id>/status/<any(sent, void, draft):status>")
def move_invoice(invoice_id: str, status: str) -> Response:
    invoice = _find(invoice_id)
    if invoice["status"] not in _NEXT[status]:
        raise wrong_value(f"An invoice that is {invoice['status']} cannot become {status}.")
    if status == "void":
        release(books(), books().links.of(invoice_id))
    invoice |= {"status": status, "last_modified_time": timestamp()}
    settle(books(), invoice_id)
    return envelope(_MOVED[status])


@api.post("/invoices/<invoice_id>/email")
def email_invoice(invoice_id: str) -> Response:
    invoice = _find(invoice_id)
    body = check_body(json_body(), EMAIL, required=("to_mail_ids",))
    if invoice["status"] == "void":
        raise wrong_value("An invoice that is void cannot be e-mailed.")
    _post_email(invoice, body)
    return envelope("Your invoice has been sent.")


@api.get("/invoices/<invoice_id>/payments")
def list_payments(invoice_id: str) -> Response:
    _find(invoice_id)
    links = [link for link in books().links.of(invoice_id) if link.kind == "payment"]
    return envelope(payments=[_payment_row(link) for link in links])


@api.get("/invoices/<invoice_id>/creditsapplied")
def list_credits(invoice_id: str) -> Response:
    _find(invoice_id)
    links = [link for link in books().links.of(invoice_id) if link.kind == "credit"]
    return envelope(credits=[_credit_row(link) for link in links])


def _find(invoice_id: str) -> Record:
    return find(books().invoices, invoice_id, "Invoice")


def _refuse_below_paid(before: Record, after: Record) -> None:
    applied = before["payment_made"] + before["credits_applied"]
    if applied and before["customer_id"] != after["customer_id"]:
        raise wrong_value("The customer of an invoice that payments or credits are applied to cannot be changed.")
    if after["total"] < applied:
        raise wrong_value("The total of an invoice cannot be less than what is paid and credited.")


def _post_email(invoice: Record, body: Record) -> None:
    """Keep who was written to about which invoice; a draft is sent by it."""
    if invoice["status"] == "draft":
        invoice["status"] = "sent"
        settle(books(), invoice["invoice_id"])
    invoice |= {"is_emailed": True, "last_modified_time": timestamp()}
    books().emails.append(
        {
            "invoice_id": invoice["invoice_id"],
            "invoice_number": invoice["invoice_number"],
            "to_mail_ids": body["to_mail_ids"],
            "subject": body.get("subject", ""),
            "time": timestamp(),
        }
    )


def _payment_row(link: Link) -> Record:
    payment = books().customerpayments[link.source_id]
    kept = ("payment_number", "payment_mode", "description", "date", "reference_number", "exchange_rate")
    return {name: payment[name] for name in kept} | {
        "payment_id": link.source_id,
        "invoice_id": link.invoice_id,
        "invoice_payment_id": link.link_id,
        "amount": link.amount,
        "is_single_invoice_payment": len(books().links.of(link.source_id)) == 1,
    }


def _credit_row(link: Link) -> Record:
    return {
        "creditnote_id": link.source_id,
        "creditnotes_invoice_id": link.link_id,
        "creditnotes_number": books().creditnotes[link.source_id]["creditnote_number"],
        "credited_date": link.date,
        "amount_applied": link.amount,
    }

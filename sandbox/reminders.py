"""Payment reminders: what Zoho would write to a customer about an invoice that is open, and writing it.

https://www.zoho.com/books/api/v3/invoices/#remind-customer
"""

from flask import Blueprint, Response

from sandbox.answers import Record, envelope, wrong_value
from sandbox.call import books, json_body, timestamp, today
from sandbox.contacts import primary_person
from sandbox.fields import EMAIL
from sandbox.settings import find
from sandbox.settling import UNPAID
from sandbox.validation import check_body

api = Blueprint("reminders", __name__, url_prefix="/books/v3")


@api.get("/invoices/<invoice_id>/paymentreminder")
def show_reminder(invoice_id: str) -> Response:
    invoice = _open_invoice(invoice_id)
    person = primary_person(books().contacts[invoice["customer_id"]])
    selected = [{"email": person["email"], "selected": True}] if person.get("email") else []
    data = {"subject": _subject(invoice), "customer_name": invoice["customer_name"], "to_contacts": selected}
    return envelope(data=data)


@api.post("/invoices/<invoice_id>/paymentreminder")
def send_reminder(invoice_id: str) -> Response:
    invoice = _open_invoice(invoice_id)
    body = check_body(json_body(), EMAIL, required=("to_mail_ids",))
    if "cc_mail_ids" not in body:
        raise wrong_value("Invalid value passed for cc_mail_ids: it is required")
    invoice |= {"reminders_sent": invoice["reminders_sent"] + 1, "last_reminder_sent_date": today()}
    books().emails.append(
        {
            "invoice_id": invoice_id,
            "invoice_number": invoice["invoice_number"],
            "to_mail_ids": body["to_mail_ids"],
            "subject": body.get("subject", _subject(invoice)),
            "time": timestamp(),
        }
    )
    return envelope("Your payment reminder has been sent.")


def _open_invoice(invoice_id: str) -> Record:
    invoice = find(books().invoices, invoice_id, "Invoice")
    if invoice["status"] not in UNPAID:
        raise wrong_value(f"No reminder is sent for an invoice that is {invoice['status']}.")
    return invoice


def _subject(invoice: Record) -> str:
    return f"Payment of {invoice['invoice_number']} is outstanding"

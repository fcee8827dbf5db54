"""Customer payments: recorded, applied to invoices, listed, deleted, and the excess paid back.

https://www.zoho.com/books/api/v3/customer-payments/ . Only `invoices` applies a payment: an `invoice_id` beside it is
ignored, as Zoho ignores it, and leaves the whole payment as the customer's credit.
"""

from decimal import Decimal

from flask import Blueprint, Response

from sandbox.answers import Record, envelope, wrong_value
from sandbox.billing import customer_of
from sandbox.call import books, json_body, keep, timestamp
from sandbox.contacts import primary_person
from sandbox.custom_fields import check_custom_fields
from sandbox.fields import PAYMENT
from sandbox.links import Link
from sandbox.listing import Listing, amounts, field_of, holds, ids, list_page, same, texts
from sandbox.money import amount_of, exchange_rate_of
from sandbox.refunds import pay_back
from sandbox.settings import account_for_money, find
from sandbox.settling import apply, check_applications, release, settle
from sandbox.state import Books
from sandbox.totals import rounded
from sandbox.validation import check_body

api = Blueprint("payments", __name__, url_prefix="/books/v3")

_SUMMARY = (
    "payment_id",
    "payment_number",
    "payment_mode",
    "amount",
    "unused_amount",
    "bcy_amount",
    "date",
    "reference_number",
    "description",
    "customer_id",
    "customer_name",
    "currency_code",
    "exchange_rate",
    "account_id",
    "account_name",
    "created_time",
    "last_modified_time",
)
_MODES = (
    "Check Cash BankTransfer Paypal CreditCard GoogleCheckout Credit Authorizenet BankRemittance Payflowpro Stripe "
    "TwoCheckout Braintree Others"
)

PAYMENTS = Listing(
    # Zoho's API description spells it customer_payments; its answers are known as customerpayments.
    resource="customerpayments",
    id_key="payment_id",
    filters=texts("customer_name", "reference_number", "payment_mode")
    | amounts("amount")
    | ids("customer_id")
    | {
        "date": same(field_of("date")),
        "search_text": lambda payment, text: any(
            holds(field_of(name))(payment, text) for name in ("reference_number", "customer_name", "description")
        ),
    },
    filter_by={"PaymentMode.All": lambda payment: True}
    | {
        f"PaymentMode.{mode}": lambda payment, mode=mode: same(field_of("payment_mode"))(payment, mode)
        for mode in _MODES.split()
    },
    summary=lambda payment: {name: payment[name] for name in _SUMMARY},
    sort_columns=("date", "amount", "payment_mode", "customer_name", "created_time", "last_modified_time"),
)
REFUNDS = Listing(resource="payment_refunds", id_key="payment_refund_id", filters={})


@api.post("/customerpayments")
def create_payment() -> Response:
    body = check_body(json_body(), PAYMENT, required=("customer_id", "payment_mode", "amount", "date"))
    check_custom_fields(body, "payment")
    payment = _payment(body)
    applied = check_applications(
        books(), body.get("invoices", []), customer_id=payment["customer_id"], most=payment["amount"]
    )
    payment_id = books().new_id("payment")
    books().issued["payment_number"] += 1
    payment |= {"payment_id": payment_id, "payment_number": str(books().issued["payment_number"])}
    keep(books().customerpayments, payment_id, payment)
    apply(books(), applied, source_id=payment_id, kind="payment", date=payment["date"])
    return envelope("The payment has been created.", status=201, payment=shown(books(), payment))


@api.get("/customerpayments")
def list_payments() -> Response:
    return list_page(PAYMENTS, books().customerpayments.values())


@api.get("/customerpayments/<payment_id>")
def show_payment(payment_id: str) -> Response:
    return envelope(payment=shown(books(), _find(payment_id)))


@api.delete("/customerpayments/<payment_id>")
def delete_payment(payment_id: str) -> Response:
    _find(payment_id)
    if books().refunds_of(payment_id):
        raise wrong_value("A payment that was refunded cannot be deleted.")
    release(books(), books().links.of(payment_id))
    del books().customerpayments[payment_id]
    return envelope("The payment has been deleted.")


@api.post("/customerpayments/<payment_id>/refunds")
def refund_payment(payment_id: str) -> Response:
    payment = _find(payment_id)
    refund = pay_back(payment, payment_id, left=payment["unused_amount"], id_key="payment_refund_id")
    refund |= {"payment_id": payment_id, "payment_number": payment["payment_number"]}
    return envelope("The refund information for this payment has been saved.", payment_refunds=[refund])


@api.get("/customerpayments/<payment_id>/refunds")
def list_refunds(payment_id: str) -> Response:
    _find(payment_id)
    return list_page(REFUNDS, books().refunds_of(payment_id).values())


@api.delete("/customerpayments/<payment_id>/refunds/<refund_id>")
def delete_refund(payment_id: str, refund_id: str) -> Response:
    _find(payment_id)
    find(books().refunds_of(payment_id), refund_id, "Refund")
    del books().refunds_of(payment_id)[refund_id]
    settle(books(), payment_id)
    return envelope("The refund has been deleted.")


def shown(held: Books, payment: Record) -> Record:
    """The payment with the invoices it is applied to, as they are now."""
    return payment | {"invoices": [_invoice_row(held, link.invoice_id, link.amount) for link in _links(held, payment)]}


def _links(held: Books, payment: Record) -> list[Link]:
    return held.links.of(payment["payment_id"])


def _invoice_row(held: Books, invoice_id: str, amount: Decimal) -> Record:
    invoice = held.invoices[invoice_id]
    return {
        "invoice_id": invoice_id,
        "invoice_number": invoice["invoice_number"],
        "date": invoice["date"],
        "invoice_amount": invoice["total"],
        "amount_applied": amount,
        "balance_amount": invoice["balance"],
    }


def _find(payment_id: str) -> Record:
    return find(books().customerpayments, payment_id, "Payment")


def _payment(body: Record) -> Record:
    """The record a body asks for, without its id and number; ApiError if a part of it makes no sense."""
    customer = customer_of(body)
    currency = find(books().currencies, customer["currency_id"], "Currency")
    amount = amount_of(body["amount"], "amount", precision=currency["price_precision"])
    rate = exchange_rate_of(body)
    return {
        "payment_mode": body["payment_mode"],
        "amount": amount,
        "bcy_amount": rounded(amount * rate, books().organization["price_precision"]),
        "bank_charges": body.get("bank_charges", 0),
        "date": body["date"],
        "status": "success",
        "reference_number": body.get("reference_number", ""),
        "description": body.get("description", ""),
        "customer_id": customer["contact_id"],
        "customer_name": customer["contact_name"],
        "email": primary_person(customer).get("email", ""),
        "currency_id": currency["currency_id"],
        "currency_code": currency["currency_code"],
        "currency_symbol": currency["currency_symbol"],
        "price_precision": currency["price_precision"],
        "exchange_rate": rate,
        "custom_fields": body.get("custom_fields", []),
        "created_time": timestamp(),
        "last_modified_time": timestamp(),
    } | account_for_money(body.get("account_id"), "account_id", "account_name")

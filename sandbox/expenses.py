"""Expenses: recorded, listed, changed, deleted.

https://www.zoho.com/books/api/v3/expenses/
"""

from decimal import Decimal

from flask import Blueprint, Response

from sandbox.answers import Record, envelope, missing, wrong_value
from sandbox.billing import tax_list, tax_rates
from sandbox.call import books, json_body, keep, timestamp
from sandbox.custom_fields import check_custom_fields
from sandbox.fields import EXPENSE
from sandbox.listing import Listing, amounts, days, field_of, holds, ids, list_page, texts
from sandbox.money import exchange_rate_of
from sandbox.settings import EXPENSE_TYPES, PAID_THROUGH_TYPES, base_currency_id, find
from sandbox.totals import LineInput, Terms, compute, rounded
from sandbox.validation import check_body

api = Blueprint("expenses", __name__, url_prefix="/books/v3")

_REQUIRED = ("date", "account_id", "amount", "paid_through_account_id")
NO_RECEIPT: Record = {
    "expense_receipt_name": "",
    "expense_receipt_type": "",
    "receipt_bytes": 0,
    "receipt_uploads": 0,
}
_SUMMARY = (
    "expense_id",
    "date",
    "account_id",
    "account_name",
    "paid_through_account_id",
    "paid_through_account_name",
    "description",
    "reference_number",
    "vendor_id",
    "vendor_name",
    "customer_id",
    "customer_name",
    "currency_id",
    "currency_code",
    "exchange_rate",
    "is_billable",
    "status",
    "total",
    "bcy_total",
    "created_time",
    "last_modified_time",
)

EXPENSES = Listing(
    resource="expenses",
    id_key="expense_id",
    filters=texts("reference_number", "description", "account_name", "customer_name", "vendor_name")
    | days("date")
    | amounts("amount")
    | ids("status", "customer_id", "vendor_id", "paid_through_account_id", "project_id")
    | {
        "search_text": lambda expense, text: any(
            holds(field_of(name))(expense, text)
            for name in ("account_name", "description", "customer_name", "vendor_name")
        )
    },
    filter_by={
        "Status.All": lambda expense: True,
        "Status.Billable": lambda expense: expense["is_billable"],
        "Status.Nonbillable": lambda expense: not expense["is_billable"],
        "Status.Unbilled": lambda expense: expense["status"] == "unbilled",
        "Status.Invoiced": lambda expense: expense["status"] == "invoiced",
        "Status.Reimbursed": lambda expense: expense["status"] == "reimbursed",
    },
    summary=lambda expense: {name: expense[name] for name in _SUMMARY},
    sort_columns=("date", "account_name", "total", "reference_number", "created_time", "last_modified_time"),
)


@api.post("/expenses")
def create_expense() -> Response:
    body = check_body(json_body(), EXPENSE, required=_REQUIRED)
    check_custom_fields(body, "expense")
    expense = _expense(body)
    expense |= {"expense_id": books().new_id("expense"), "created_time": timestamp()} | NO_RECEIPT
    keep(books().expenses, expense["expense_id"], expense)
    return envelope("The expense has been recorded.", expense=expense)


@api.get("/expenses")
def list_expenses() -> Response:
    return list_page(EXPENSES, books().expenses.values())


@api.get("/expenses/<expense_id>")
def show_expense(expense_id: str) -> Response:
    return envelope(expense=find_expense(expense_id))


@api.put("/expenses/<expense_id>")
def update_expense(expense_id: str) -> Response:
    before = find_expense(expense_id)
    body = check_body(json_body(), EXPENSE, required=_REQUIRED)
    check_custom_fields(body, "expense", own_id=expense_id)
    kept = {name: value for name, value in before.items() if name in EXPENSE and value != ""}
    books().expenses[expense_id] = before | _expense(kept | body)
    return envelope("Expense information has been updated.", expense=books().expenses[expense_id])


@api.delete("/expenses/<expense_id>")
def delete_expense(expense_id: str) -> Response:
    find_expense(expense_id)
    del books().expenses[expense_id]
    books().receipts.pop(expense_id, None)
    return envelope("The expense has been deleted.")


def find_expense(expense_id: str) -> Record:
    """The expense with this id, or Zoho's refusal."""
    return find(books().expenses, expense_id, "Expense")


def _expense(body: Record) -> Record:
    """The record a body asks for, without id and time of creation; ApiError if a part of it makes no sense."""
    if body["amount"] <= 0:
        raise wrong_value("Invalid value passed for Amount")
    currency = find(books().currencies, body.get("currency_id", base_currency_id()), "Currency")
    rate, sums = exchange_rate_of(body), _sums(body, currency)
    return (
        {"reference_number": "", "description": "", "is_billable": False, "is_inclusive_tax": False}
        | body
        | _accounts(body)
        | _parties(body)
        | sums
        | {
            "currency_id": currency["currency_id"],
            "currency_code": currency["currency_code"],
            "exchange_rate": rate,
            "bcy_total": rounded(sums["total"] * rate, books().organization["price_precision"]),
            "status": "unbilled" if body.get("is_billable") else "nonbillable",
            "last_modified_time": timestamp(),
        }
    )


def _accounts(body: Record) -> Record:
    account = books().accounts.get(body["account_id"])
    if account is None or account["account_type"] not in EXPENSE_TYPES:
        raise missing("Please enter valid expense account")
    paid_through = books().accounts.get(body["paid_through_account_id"])
    if paid_through is None or paid_through["account_type"] not in PAID_THROUGH_TYPES:
        raise wrong_value("The account does not exist.")
    return {
        "account_name": account["account_name"],
        "paid_through_account_name": paid_through["account_name"],
    }


def _parties(body: Record) -> Record:
    if body.get("is_billable") and not body.get("customer_id"):
        raise wrong_value("An expense that is billable needs a customer_id.")
    return _party(body, "vendor", "Vendor") | _party(body, "customer", "Customer")


def _party(body: Record, contact_type: str, label: str) -> Record:
    contact_id = body.get(f"{contact_type}_id", "")
    if not contact_id:
        return {f"{contact_type}_id": "", f"{contact_type}_name": ""}
    contact = find(books().contacts, contact_id, label)
    if contact["contact_type"] != contact_type or contact["status"] != "active":
        raise missing(f"{label} does not exist.")
    return {f"{contact_type}_id": contact_id, f"{contact_type}_name": contact["contact_name"]}


def _sums(body: Record, currency: Record) -> Record:
    amount = LineInput(quantity=Decimal(1), rate=Decimal(body["amount"]), taxes=tax_rates(body.get("tax_id")))
    terms = Terms(precision=currency["price_precision"], is_inclusive_tax=body.get("is_inclusive_tax", False))
    totals = compute([amount], terms)
    tax = books().taxes.get(body.get("tax_id", ""), {})
    return {
        "tax_id": tax.get("tax_id", ""),
        "tax_name": tax.get("tax_name", ""),
        "tax_percentage": tax.get("tax_percentage", 0),
        "taxes": tax_list(totals.taxes),
        "sub_total": totals.sub_total,
        "tax_amount": totals.tax_total,
        "amount": totals.lines[0].amount,
        "total": totals.total,
    }

"""What an invoice or a credit note comes to: a checked body in, the record without its id, number and status out."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.answers import Record, missing, wrong_value
from sandbox.call import books, today
from sandbox.money import exchange_rate_of
from sandbox.settings import find
from sandbox.totals import Discount, LineInput, LineTotals, TaxAmount, TaxRate, Terms, Totals, compute

NOTHING = Decimal(0)
NOT_FOR_LINES = ("accounts_receivable", "accounts_payable")


def bill(body: Record) -> Record:
    """The invoice's parties, lines, dates and totals; ApiError if one of them makes no sense."""
    return _document(body, "invoice") | _dates(body, customer_of(body))


def credit(body: Record) -> Record:
    """The credit note's parties, lines and totals; ApiError if one of them makes no sense."""
    return _document(body, "credit note")


def _document(body: Record, label: str) -> Record:
    customer = customer_of(body)
    currency = _currency(body, customer, label)
    lines = [_line(asked) for asked in body["line_items"]]
    inputs = [_line_input(line) for line in lines]
    terms = _terms(body, currency["price_precision"])
    _refuse_stray_discounts(body, inputs)
    totals = compute(inputs, terms)
    _refuse_senseless(totals, label)
    return (
        body
        | _parties(customer, currency, body)
        | _conditions(body, terms)
        | {"line_items": [_line_record(line, result) for line, result in zip(lines, totals.lines, strict=True)]}
        | _sums(totals)
    )


def tax_rates(tax_id: str | None) -> tuple[TaxRate, ...]:
    """The tax of this id as it applies to a line: none, one, or the members of a group."""
    if not tax_id:
        return ()
    tax = find(books().taxes, tax_id, "Tax")
    return tuple(
        TaxRate(member["tax_id"], member["tax_name"], member["tax_percentage"]) for member in tax.get("taxes", [tax])
    )


def tax_list(taxes: tuple[TaxAmount, ...]) -> list[Record]:
    """Taxes as a document shows them."""
    return [{"tax_id": tax.tax_id, "tax_name": tax.tax_name, "tax_amount": tax.amount} for tax in taxes]


def customer_of(body: Record) -> Record:
    """The active customer a body names."""
    contact = find(books().contacts, body["customer_id"], "Customer")
    if contact["contact_type"] != "customer":
        raise missing("Customer does not exist: the contact is a vendor.")
    if contact["status"] != "active":
        raise missing("Customer does not exist: the contact is inactive.")
    return contact


def _currency(body: Record, customer: Record, label: str) -> Record:
    currency = find(books().currencies, str(body.get("currency_id", customer["currency_id"])), "Currency")
    if currency["currency_id"] != customer["currency_id"]:
        raise wrong_value(
            f"The customer's currency is {customer['currency_code']}: this {label} in {currency['currency_code']} "
            "needs multi-currency transactions for each contact."
        )
    return currency


def _line(asked: Record) -> Record:
    """The line with what its item fills in, and Zoho's defaults."""
    item = find(books().items, asked["item_id"], "Item") if "item_id" in asked else {}
    line: Record = {name: item[name] for name in ("name", "description", "rate") if name in item} | asked
    if not line.get("name"):
        raise wrong_value("Invalid value passed for line_items: every line needs an item_id or a name")
    if "rate" not in line:
        raise wrong_value("Invalid value passed for rate: it is required")
    if line.setdefault("quantity", 1) <= 0:
        raise wrong_value("Invalid value passed for quantity: it must be greater than zero")
    return line | _account(line.get("account_id"))


def _account(account_id: str | None) -> Record:
    """Where a line is booked: the account it names, else the first income account."""
    accounts = books().accounts
    if account_id is None:
        account = next(account for account in accounts.values() if account["account_type"] == "income")
    else:
        account = find(accounts, account_id, "Account")
    if account["account_type"] in NOT_FOR_LINES:
        raise wrong_value(f"Invalid value passed for account_id: {account['account_name']} cannot be used on a line")
    return {"account_id": account["account_id"], "account_name": account["account_name"]}


def _line_input(line: Record) -> LineInput:
    return LineInput(
        quantity=Decimal(line["quantity"]),
        rate=Decimal(line["rate"]),
        discount=_discount(line.get("discount", line.get("discount_amount", NOTHING))),
        taxes=tax_rates(line.get("tax_id")),
    )


def _terms(body: Record, precision: int) -> Terms:
    return Terms(
        precision=precision,
        is_inclusive_tax=body.get("is_inclusive_tax", False),
        discount=_discount(body.get("discount", NOTHING)),
        is_discount_before_tax=body.get("is_discount_before_tax", True),
        shipping_charge=Decimal(body.get("shipping_charge", NOTHING)),
        adjustment=Decimal(body.get("adjustment", NOTHING)),
    )


def _discount(asked: Any) -> Discount:
    return asked if isinstance(asked, str) and asked.endswith("%") else Decimal(asked)


def _refuse_stray_discounts(body: Record, lines: list[LineInput]) -> None:
    """Zoho drops a discount that does not suit `discount_type`; here it is refused rather than lost."""
    if body.get("discount_type", "entity_level") == "entity_level":
        if any(line.discount for line in lines):
            raise wrong_value('A discount on a line needs discount_type "item_level".')
    elif _discount(body.get("discount", NOTHING)):
        raise wrong_value('A discount on the invoice needs discount_type "entity_level".')


def _refuse_senseless(totals: Totals, label: str) -> None:
    if any(line.gross >= 0 > line.amount for line in totals.lines):
        raise wrong_value("Invalid value passed for discount: it is more than the line")
    if totals.total < 0:
        raise wrong_value(f"The total of this {label} would be negative.")


def _parties(customer: Record, currency: Record, body: Record) -> Record:
    return {
        "customer_id": customer["contact_id"],
        "customer_name": customer["contact_name"],
        "currency_id": currency["currency_id"],
        "currency_code": currency["currency_code"],
        "exchange_rate": exchange_rate_of(body),
        "price_precision": currency["price_precision"],
    }


def _dates(body: Record, customer: Record) -> Record:
    day = str(body.get("date", today()))
    terms: int = body["payment_terms"] if "payment_terms" in body else customer["payment_terms"]
    due_date = body.get("due_date") or _days_later(day, terms)
    if due_date < day:
        raise wrong_value("Invalid value passed for due_date: it is before the date of the invoice")
    return {"date": day, "due_date": due_date, "payment_terms": terms}


def _days_later(day: str, days: int) -> str:
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except OverflowError:
        raise wrong_value("Invalid value passed for payment_terms: the due date is too far away") from None


def _conditions(body: Record, terms: Terms) -> Record:
    return {
        "reference_number": body.get("reference_number", ""),
        "is_inclusive_tax": terms.is_inclusive_tax,
        "discount": body.get("discount", 0),
        "discount_type": body.get("discount_type", "entity_level"),
        "is_discount_before_tax": terms.is_discount_before_tax,
        "notes": body.get("notes", ""),
        "terms": body.get("terms", ""),
    }


def _line_record(line: Record, result: LineTotals) -> Record:
    tax = books().taxes.get(line.get("tax_id", ""), {})
    return (
        {"item_id": "", "description": "", "discount": 0}
        | line
        | {
            "line_item_id": line.get("line_item_id") or books().new_id("line_item"),
            "tax_id": tax.get("tax_id", ""),
            "tax_name": tax.get("tax_name", ""),
            "tax_type": tax.get("tax_type", ""),
            "tax_percentage": tax.get("tax_percentage", 0),
            "line_item_taxes": tax_list(result.taxes),
            "discount_amount": result.gross - result.amount,
            "item_total": result.item_total,
            "item_total_inclusive_of_tax": result.item_total + result.tax_total,
        }
    )


def _sums(totals: Totals) -> Record:
    return {
        "sub_total": totals.sub_total,
        "discount_total": totals.discount_total,
        "tax_total": totals.tax_total,
        "taxes": tax_list(totals.taxes),
        "shipping_charge": totals.shipping_charge,
        "adjustment": totals.adjustment,
        "total": totals.total,
        "balance": totals.total,
    }

"""The limits and types of every draft: plain values in, frozen drafts out.

Zoho's limits are exclusive ("less than 100 characters" allows 99): https://www.zoho.com/books/api/v3/invoices/,
…/contacts/, …/expenses/. Messages never hold the value they complain about.
"""

import dataclasses
import datetime
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_load

from drafts import Address, ContactDraft, ExpenseDraft, InvoiceDraft, Line, Tax
from mappings import conversions
from mappings.conversions import EXACT, Unfit

SHORT = 99
MARKER_ROOM = 16
"""What the marker takes of a reference number, its space included."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_RATE_DECIMALS = 6


class Words(fields.Field[str]):
    """A text of one line with at most `longest` characters; numbers are taken as written. Nothing left is nothing."""

    def __init__(self, *, longest: int | None = SHORT, **options: Any) -> None:
        super().__init__(error_messages={"required": "nothing there"}, **options)
        self.longest = longest

    def _deserialize(self, value: object, attr: str | None, data: object, **_: Any) -> str:
        words = self._clean(value)
        if not words and self.required:
            raise ValidationError("nothing there")
        if self.longest is not None and len(words) > self.longest:
            raise ValidationError(f"is longer than the {self.longest} characters Zoho takes")
        return words

    def _clean(self, value: object) -> str:
        return _fitting(conversions.text, value) or ""


class Paragraphs(Words):
    """A text whose line breaks stay."""

    def _clean(self, value: object) -> str:
        lines = _fitting(conversions.as_text, value).splitlines()
        return "\n".join(conversions.text(line) or "" for line in lines).strip()


class Amount(fields.Field[Decimal]):
    """An exact number, not below zero."""

    def _deserialize(self, value: object, attr: str | None, data: object, **_: Any) -> Decimal:
        amount: Decimal = _fitting(conversions.money, value)
        if amount < 0:
            raise ValidationError("is below zero, which Zoho does not take here")
        return amount


class Positive(Amount):
    """An exact number above zero."""

    def _deserialize(self, value: object, attr: str | None, data: object, **options: Any) -> Decimal:
        amount = super()._deserialize(value, attr, data, **options)
        if not amount:
            raise ValidationError("must be above zero")
        return amount


class Day(fields.Field[datetime.date]):
    """A calendar day, or its text like 2026-01-31."""

    def _deserialize(self, value: object, attr: str | None, data: object, **_: Any) -> datetime.date:
        if isinstance(value, datetime.date):
            return value
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise ValidationError("is not a day like 2026-01-31; date(…) makes one of a time")
        day: datetime.date = _fitting(lambda text: conversions.date(text, "UTC"), value)
        return day


class Truth(fields.Field[bool]):
    """True or false and nothing like them."""

    def _deserialize(self, value: object, attr: str | None, data: object, **_: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(f"must be true or false, not {conversions.kind_of(value)}")
        return value


class Currency(Words):
    """A code of three letters, in upper case."""

    def _clean(self, value: object) -> str:
        code = super()._clean(value).upper()
        if not re.fullmatch("[A-Z]{3}", code):
            raise ValidationError("is not a currency code of three letters")
        return code


class Email(Words):
    """An e-mail address, checked loosely: something, one @, something, no spaces."""

    def _clean(self, value: object) -> str:
        address = super()._clean(value)
        if address and not _EMAIL.fullmatch(address):
            raise ValidationError("is not an e-mail address")
        return address


def _fitting(convert: Any, value: object) -> Any:
    try:
        converted = convert(value)
    except Unfit as error:
        raise ValidationError(str(error)) from None
    return converted


class DraftSchema(Schema):
    """Builds one kind of draft; what is empty counts as not given."""

    @pre_load
    def leave_out_nothing(self, data: Mapping[str, object], **_: Any) -> dict[str, object]:
        return {name: value for name, value in data.items() if value is not None}

    def given(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The loaded values without empty texts."""
        return {name: value for name, value in data.items() if value != ""}


class AddressSchema(DraftSchema):
    """A postal address; all of it may be missing."""

    attention = Words()
    address = Words()
    street2 = Words()
    city = Words()
    state = Words()
    zip = Words(longest=49)
    country = Words()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Address | None:
        given = self.given(data)
        return Address(**given) if given else None


class ContactSchema(DraftSchema):
    """A customer; a name that is too long is shortened."""

    contact_name = Words(required=True, longest=None, data_key="name")
    email = Email()
    customer_id = Words()
    first_name = Words()
    last_name = Words()
    company_name = Words(longest=199)
    phone = Words(longest=49)
    billing_address = fields.Nested(AddressSchema)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> ContactDraft:
        given = self.given(data)
        return ContactDraft(**given | {"contact_name": conversions.shorten(given["contact_name"], SHORT)})


class TaxSchema(DraftSchema):
    """One tax of a line."""

    name = Words(required=True)
    amount = Amount(required=True)
    rate = Amount()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Tax:
        return Tax(**data)


class LineSchema(DraftSchema):
    """One line, its price given as `rate` (of one unit) or as `amount` (of the whole line before its discount)."""

    name = Words(required=True, longest=None)
    quantity = Positive(required=True)
    rate = Amount()
    amount = Amount()
    description = Paragraphs(longest=1999)
    sku = Words()
    unit = Words()
    discount = Amount()
    taxes = fields.List(fields.Nested(TaxSchema))

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Line:
        given = self.given(data)
        given["taxes"] = tuple(tax for tax in given.get("taxes", ()) if tax.amount)
        return _with_room(_discounted(Line(**_priced(given))))


def _priced(given: dict[str, Any]) -> dict[str, Any]:
    """The values with `rate` for `amount`: amount ÷ quantity where that gives the amount back, else one whole."""
    amount = given.pop("amount", None)
    if (amount is None) == ("rate" not in given):
        raise ValidationError("give either rate or amount", "rate")
    if amount is None:
        return given
    rate = _share(amount, given["quantity"])
    if rate is not None:
        return given | {"rate": rate}
    count = conversions.plain(given["quantity"])
    return given | {
        "rate": amount,
        "quantity": Decimal(1),
        "name": f"{count:f} \N{MULTIPLICATION SIGN} {given['name']}",
    }


def _share(amount: Decimal, quantity: Decimal) -> Decimal | None:
    rate = _rounded(EXACT.divide(amount, quantity), _RATE_DECIMALS)
    back = _rounded(EXACT.multiply(rate, quantity), max(2, conversions.decimals(amount)))
    return conversions.plain(rate) if back == amount else None


def _rounded(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT)


def _discounted(line: Line) -> Line:
    whole = _rounded(EXACT.multiply(line.rate, line.quantity), max(2, conversions.decimals(line.discount)))
    if line.discount > whole:
        raise ValidationError("is more than the whole line", "discount")
    return line


def _with_room(line: Line) -> Line:
    if len(line.name) <= SHORT:
        return line
    description = "\n".join(filter(None, (line.name, line.description)))
    if len(description) > 1999:
        raise ValidationError("is longer than name and description together can hold", "name")
    return dataclasses.replace(line, name=conversions.shorten(line.name, SHORT), description=description)


class InvoiceSchema(DraftSchema):
    """An invoice with at least one line."""

    reference_number = Words(required=True, longest=SHORT - MARKER_ROOM)
    date = Day(required=True)
    currency_code = Currency(required=True)
    lines = fields.List(fields.Nested(LineSchema), required=True)
    control_total = Amount(required=True)
    is_inclusive_tax = Truth()
    due_date = Day()
    notes = Paragraphs(longest=None)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> InvoiceDraft:
        given = self.given(data)
        if not given["lines"]:
            raise ValidationError("the order has no lines", "lines")
        if given.get("due_date", given["date"]) < given["date"]:
            raise ValidationError("is before the date", "due_date")
        return InvoiceDraft(**given | {"lines": tuple(given["lines"])})


class ExpenseSchema(DraftSchema):
    """An expense, its accounts known by name."""

    date = Day(required=True)
    currency_code = Currency(required=True)
    amount = Positive(required=True)
    account_name = Words(required=True)
    paid_through_account_name = Words(required=True)
    reference_number = Words(longest=SHORT - MARKER_ROOM)
    description = Words(longest=None)
    vendor_name = Words()
    tax_name = Words()
    is_inclusive_tax = Truth()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> ExpenseDraft:
        given = self.given(data)
        if "description" in given:
            given["description"] = conversions.shorten(given["description"], SHORT)
        return ExpenseDraft(**given)


def first_complaint(error: ValidationError) -> tuple[str, str]:
    """Path (`lines[2].rate`) and words of the first complaint of an error."""
    path: list[str] = []
    rest: Any = error.messages
    while isinstance(rest, Mapping):
        key, rest = next(iter(rest.items()))
        path.append(f"[{key}]" if isinstance(key, int) else "" if key == "_schema" else f".{key}")
    words = rest[0] if isinstance(rest, list) else rest
    return "".join(path).lstrip("."), str(words)

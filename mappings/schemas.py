"""The fields and limits of every draft: plain values in, frozen drafts out.

Zoho's limits: https://www.zoho.com/books/api/v3/invoices/, …/contacts/, …/expenses/. Optional contact details and SKUs
beyond them are shortened (a telephone number is left out), so that no order waits for a person because of them.
"""

import dataclasses
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, get_args

from marshmallow import Schema, ValidationError, fields, post_load, pre_load

from drafts import (
    Address,
    CancelDraft,
    ContactDraft,
    InvoiceDraft,
    Line,
    PaymentDraft,
    Purpose,
    RefundDraft,
    Tax,
)
from mappings import conversions
from mappings.conversions import EXACT
from mappings.field_types import (
    SHORT,
    Amount,
    Currency,
    Day,
    Email,
    OneOf,
    Paragraphs,
    Phone,
    Positive,
    Shortened,
    Signed,
    Truth,
    Words,
)

MARKER_ROOM = 16
"""What the marker takes of a reference number, its space included."""

_RATE_DECIMALS = 6


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

    attention = Shortened()
    address = Shortened()
    street2 = Shortened()
    city = Shortened()
    state = Shortened()
    zip = Shortened(longest=49)
    country = Shortened()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Address | None:
        given = self.given(data)
        return Address(**given) if given else None


class ContactSchema(DraftSchema):
    """A customer; what identifies it is never shortened."""

    contact_name = Shortened(required=True, data_key="name")
    email = Email()
    customer_id = Words()
    first_name = Shortened()
    last_name = Shortened()
    company_name = Shortened(longest=199)
    phone = Phone(longest=49)
    billing_address = fields.Nested(AddressSchema)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> ContactDraft:
        return ContactDraft(**self.given(data))


class TaxSchema(DraftSchema):
    """One tax of a line; below zero only where the line is."""

    name = Words(required=True)
    amount = Signed(required=True)
    rate = Amount()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Tax:
        return Tax(**data)


class LineSchema(DraftSchema):
    """One line, its price given as `rate` (of one unit) or as `amount` (of the whole line before its discount).

    A price below zero takes something off: https://www.zoho.com/sa/books/kb/invoices/negative-line-item-invoice.html
    """

    name = Words(required=True, longest=None)
    quantity = Positive(required=True)
    rate = Signed()
    amount = Signed()
    description = Paragraphs(longest=1999)
    sku = Shortened()
    unit = Words()
    discount = Amount()
    taxes = fields.List(fields.Nested(TaxSchema))
    purpose = OneOf(*get_args(Purpose))

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Line:
        given = self.given(data)
        given["taxes"] = tuple(tax for tax in given.get("taxes", ()) if tax.amount)
        return _with_room(_taxed(_discounted(Line(**_priced(given)))))


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


def _taxed(line: Line) -> Line:
    for place, tax in enumerate(line.taxes):
        if tax.amount < 0 <= line.rate:
            raise ValidationError({"taxes": {place: {"amount": ["is below zero on a line that is not"]}}})
    return line


def _discounted(line: Line) -> Line:
    if not line.discount:
        return line
    if line.rate < 0:
        raise ValidationError("a line below zero takes no discount", "discount")
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
    exchange_rate = Positive()
    adjustment = Signed()
    adjustment_description = Shortened()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> InvoiceDraft:
        given = self.given(data)
        if not given["lines"]:
            raise ValidationError("the order has no lines", "lines")
        if given.get("due_date", given["date"]) < given["date"]:
            raise ValidationError("is before the date", "due_date")
        return InvoiceDraft(**given | {"lines": tuple(given["lines"])})


class PaymentSchema(DraftSchema):
    """Money paid for an order."""

    once_per = Words(required=True, longest=None)
    date = Day(required=True)
    amount = Positive(required=True)
    currency_code = Currency(required=True)
    method = Words()
    reference_number = Shortened(longest=SHORT - MARKER_ROOM)
    exchange_rate = Positive()
    is_so_far = Truth()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> PaymentDraft:
        return PaymentDraft(**self.given(data))


class RefundSchema(DraftSchema):
    """What is taken off an order, by lines or as one amount."""

    once_per = Words(required=True, longest=None)
    reference_number = Words(required=True, longest=SHORT - MARKER_ROOM)
    date = Day(required=True)
    currency_code = Currency(required=True)
    control_total = Positive(required=True)
    lines = fields.List(fields.Nested(LineSchema))
    is_inclusive_tax = Truth()
    paid_back = Amount()
    is_so_far = Truth()
    method = Words()
    notes = Paragraphs(longest=None)
    exchange_rate = Positive()
    adjustment = Signed()
    adjustment_description = Shortened()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> RefundDraft:
        given = self.given(data)
        if given.get("paid_back", 0) > given["control_total"]:
            raise ValidationError("is more than the whole refund", "paid_back")
        if given.get("is_so_far") and (given.get("lines") or "paid_back" in given):
            raise ValidationError("takes neither lines nor paid_back beside it", "is_so_far")
        return RefundDraft(**given | {"lines": tuple(given.get("lines", ()))})


class CancelSchema(DraftSchema):
    """When, and why, the whole order is off."""

    date = Day(required=True)
    reason = Shortened()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> CancelDraft:
        return CancelDraft(**self.given(data))


def first_complaint(error: ValidationError) -> tuple[str, str]:
    """Path (`lines[2].rate`) and words of the first complaint of an error."""
    path: list[str] = []
    rest: Any = error.messages
    while isinstance(rest, Mapping):
        key, rest = next(iter(rest.items()))
        path.append(f"[{key}]" if isinstance(key, int) else "" if key == "_schema" else f".{key}")
    words = rest[0] if isinstance(rest, list) else rest
    return "".join(path).lstrip("."), str(words)

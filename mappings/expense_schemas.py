"""The fields and limits of an expense, its receipt, and what an approver says of it."""

from typing import Any, get_args

from marshmallow import ValidationError, fields, post_load

from drafts import DecisionDraft, ExpenseDraft, ReceiptDraft, Verdict
from mappings import conversions
from mappings.field_types import SHORT, Currency, Day, Names, OneOf, Paragraphs, Positive, Shortened, Truth, Words
from mappings.multipart import File
from mappings.schemas import MARKER_ROOM, ContactSchema, DraftSchema

_LONGEST_ADDRESS = 2000


class SentFile(fields.Field[File]):
    """A file that came with the event."""

    def _deserialize(self, value: object, attr: str | None, data: object, **_: Any) -> File:
        if not isinstance(value, File):
            raise ValidationError(f"must be a file('…'), not {conversions.kind_of(value)}")
        if not value.content:
            raise ValidationError("is empty")
        return value


class ReceiptSchema(DraftSchema):
    """A receipt: the file itself, else where it can be fetched."""

    url = Words(longest=_LONGEST_ADDRESS)
    file = SentFile()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> ReceiptDraft | None:
        given = self.given(data)
        if file := given.get("file"):
            return ReceiptDraft(name=file.name, content=file.content)
        return ReceiptDraft(url=given["url"]) if given else None


class ExpenseSchema(DraftSchema):
    """An expense, its accounts known by name; the amount is what was paid, any tax included."""

    date = Day(required=True)
    currency_code = Currency(required=True)
    amount = Positive(required=True)
    account_name = Words(required=True)
    paid_through_account_name = Words(required=True)
    reference_number = Words(longest=SHORT - MARKER_ROOM)
    description = Shortened()
    vendor_name = Words()
    tax_name = Words()
    exchange_rate = Positive()
    customer = fields.Nested(ContactSchema)
    is_billable = Truth()
    receipt = fields.Nested(ReceiptSchema)
    submitted_by = Names()

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> ExpenseDraft:
        given = self.given(data)
        if given.get("is_billable") and "customer" not in given:
            raise ValidationError("an expense that is billable needs the customer it is billed to", "customer")
        return ExpenseDraft(**given)


class DecisionSchema(DraftSchema):
    """What an approver says of an expense."""

    event_id = Words(required=True)
    verdict = OneOf(*get_args(Verdict), required=True)
    by = Names(required=True)
    note = Paragraphs(longest=None)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> DecisionDraft:
        return DecisionDraft(**self.given(data))

"""The shapes both sides of a Zoho Books call agree on. No I/O.

Paths and fields: zoho.com/books/api/v3/{contacts,invoices,expenses,customer-payments,credit-notes}.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from decimal import Decimal, InvalidOperation
from typing import Any

import simplejson

from drafts import DocumentKind

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to upload in the form field `field`."""

    field: str
    name: str
    content: bytes = dataclass_field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request to Zoho Books.

    `path` starts with a slash and follows the API's base URL; `body` is JSON text, sent as it stands, or a `file` is
    uploaded as a form; `writes` says whether a failure after sending leaves the outcome unknown.
    """

    method: str
    path: str
    params: Mapping[str, str] = dataclass_field(default_factory=dict)
    body: str | None = None
    writes: bool = False
    file: File | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """A document as it stands in Zoho Books; `number` is empty for an expense, which has none."""

    zoho_id: str
    number: str
    total: Decimal
    currency_code: str
    status: str
    url: str
    reference_number: str
    tax_total: Decimal | None = None
    customer_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """How Zoho names one kind of document: in paths, in answers, on its pages, and in the filters of its list.

    `loose_reference_filter` finds a part of a reference, `all_filter` is what `filter_by` calls every status.
    """

    path: str
    name: str
    id_field: str
    number_field: str
    loose_reference_filter: str
    total_field: str = "total"
    all_filter: str = "Status.All"
    page: str


RESOURCES: Mapping[DocumentKind, Resource] = {
    "invoice": Resource(
        path="/invoices",
        name="invoice",
        id_field="invoice_id",
        number_field="invoice_number",
        loose_reference_filter="search_text",
        page="/invoices",
    ),
    "expense": Resource(
        path="/expenses",
        name="expense",
        id_field="expense_id",
        number_field="",
        loose_reference_filter="reference_number_contains",
        page="/expenses",
    ),
    "payment": Resource(
        path="/customerpayments",
        name="payment",
        id_field="payment_id",
        number_field="payment_number",
        loose_reference_filter="reference_number_contains",
        total_field="amount",
        all_filter="PaymentMode.All",
        page="/paymentsreceived",
    ),
    "credit_note": Resource(
        path="/creditnotes",
        name="creditnote",
        id_field="creditnote_id",
        number_field="creditnote_number",
        loose_reference_filter="search_text",
        page="/creditnotes",
    ),
}


def read(path: str, **params: str) -> Call:
    """A call that changes nothing."""
    return Call("GET", path, params)


def create(path: str, frozen_body: str) -> Call:
    """A call that creates one record out of JSON text made by `freeze`."""
    return Call("POST", path, body=frozen_body, writes=True)


def act(path: str, frozen_body: str | None = None) -> Call:
    """A call that does something to a record that is there."""
    return Call("POST", path, body=frozen_body, writes=True)


def remove(path: str) -> Call:
    """A call that deletes a record."""
    return Call("DELETE", path, writes=True)


def upload(path: str, file: File) -> Call:
    """A call that puts a file to a record."""
    return Call("POST", path, writes=True, file=file)


def freeze(body: Mapping[str, Any]) -> str:
    """JSON text of a body: field order kept, every `Decimal` an exact JSON number, ASCII only.

    Freezing what `thaw` made of the text gives the same text.
    """
    return simplejson.dumps(body, use_decimal=True, allow_nan=False)


def thaw(frozen_body: str) -> Row:
    """The body `freeze` made the text of; numbers with a fraction are `Decimal`."""
    body: Row = simplejson.loads(frozen_body, use_decimal=True)
    return body


def read_posted(kind: DocumentKind, row: Mapping[str, Any], *, url: str) -> Posted:
    """A document out of an answer or a list row.

    Raises KeyError when a field is missing and ValueError when the total is no number.
    """
    resource = RESOURCES[kind]
    return Posted(
        zoho_id=str(row[resource.id_field]),
        number=str(row.get(resource.number_field) or ""),
        total=read_money(row[resource.total_field]),
        currency_code=str(row["currency_code"]),
        status=str(row.get("status") or ""),
        url=url,
        reference_number=str(row.get("reference_number") or ""),
        tax_total=read_money(row["tax_total"]) if "tax_total" in row else None,
        customer_id=str(row["customer_id"]) if row.get("customer_id") else None,
    )


def read_money(value: object) -> Decimal:
    """An amount that Zoho gives as a number or as text; raises ValueError for anything else."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("not an amount") from None
    if not amount.is_finite():
        raise ValueError("not an amount")
    return amount

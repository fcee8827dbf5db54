"""The shapes both sides of a Zoho Books call agree on. No I/O.

Paths and fields: zoho.com/books/api/v3/{contacts,invoices,expenses}.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import simplejson

from drafts import DocumentKind

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One request to Zoho Books.

    `path` starts with a slash and follows the API's base URL; `body` is JSON text, sent as it stands; `writes` says
    whether a failure after sending leaves the outcome unknown.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    writes: bool = False


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


@dataclass(frozen=True, slots=True)
class Resource:
    """How Zoho names one kind of document: in paths, in answers, and the filter that finds a part of a reference."""

    path: str
    name: str
    id_field: str
    number_field: str
    loose_reference_filter: str


RESOURCES: Mapping[DocumentKind, Resource] = {
    "invoice": Resource("/invoices", "invoice", "invoice_id", "invoice_number", "search_text"),
    "expense": Resource("/expenses", "expense", "expense_id", "", "reference_number_contains"),
}


def read(path: str, **params: str) -> Call:
    """A call that changes nothing."""
    return Call("GET", path, params)


def create(path: str, frozen_body: str) -> Call:
    """A call that creates one record out of JSON text made by `freeze`."""
    return Call("POST", path, body=frozen_body, writes=True)


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
        total=read_money(row["total"]),
        currency_code=str(row["currency_code"]),
        status=str(row.get("status") or ""),
        url=url,
        reference_number=str(row.get("reference_number") or ""),
        tax_total=read_money(row["tax_total"]) if "tax_total" in row else None,
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

"""Numbers of invoices and credit notes: the next of the series, or the caller's own if the query says that it is."""

from dataclasses import dataclass

from flask import request

from sandbox.answers import ApiError, Record, wrong_value
from sandbox.call import books


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series: the field that holds the number, where the documents are, and what a number looks like."""

    field: str
    kept_in: str
    label: str
    prefix: str
    digits: int


INVOICES = Series(field="invoice_number", kept_in="invoices", label="Invoice", prefix="INV-", digits=6)
CREDIT_NOTES = Series(field="creditnote_number", kept_in="creditnotes", label="Credit note", prefix="CN-", digits=5)


def number_for(series: Series, body: Record) -> str:
    """The number a new document gets."""
    own = str(body.get(series.field, ""))
    announced = request.args.get("ignore_auto_number_generation") == "true"
    if announced or body.get("ignore_auto_number_generation"):
        if not own:
            raise wrong_value(f"Invalid value passed for {series.field}: it is required")
        take(series, own)
        return own
    if own:
        raise wrong_value(f"{series.field} needs ignore_auto_number_generation=true in the query.")
    return _next(series)


def take(series: Series, number: str) -> None:
    """Keep a number of the caller's own; refused if another document has it."""
    documents: dict[str, Record] = getattr(books(), series.kept_in)
    if any(document[series.field] == number for document in documents.values()):
        raise ApiError(400, 1001, f"{series.label} number {number} already exists.")
    books().own_numbers.add(number)


def _next(series: Series) -> str:
    while True:
        books().issued[series.field] += 1
        number = f"{series.prefix}{books().issued[series.field]:0{series.digits}}"
        if number not in books().own_numbers:
            return number

"""Lists as Zoho gives them: filters by query parameter, a sort order, pages of 10 summaries, of 200 at most.

A parameter that no filter knows is ignored, in silence, as Zoho does.
https://www.zoho.com/books/api/v3/pagination/
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from flask import Response, request

from sandbox.answers import ApiError, Record, envelope
from sandbox.call import books, world

Test = Callable[[Record, str], bool]
Getter = Callable[[Record], str]

LARGEST_PAGE = 200
USUAL_PAGE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How one resource is listed: its key in the answer, its filters, its `filter_by` values, its summary."""

    resource: str
    id_key: str
    filters: Mapping[str, Test]
    filter_by: Mapping[str, Callable[[Record], bool]] = field(default_factory=dict)
    summary: Callable[[Record], Record] = dict
    sort_columns: tuple[str, ...] = ("created_time", "last_modified_time")


def list_page(listing: Listing, records: Iterable[Record]) -> Response:
    """The page the query asks for, newest record first unless it names a sort column."""
    rows = [record for record in records if not _is_hidden(record[listing.id_key])]
    for name, value in request.args.items():
        if name in listing.filters and value:
            rows = [row for row in rows if listing.filters[name](row, value)]
    applied = request.args.get("filter_by")
    if applied is not None and listing.filter_by:
        if applied not in listing.filter_by:
            raise ApiError(400, 2, "Invalid value passed for filter_by")
        rows = [row for row in rows if listing.filter_by[applied](row)]
    return _page(listing, [listing.summary(row) for row in reversed(rows)], applied)


def _is_hidden(record_id: str) -> bool:
    until = books().hidden_until.get(record_id)
    return until is not None and world().clock() < until


def _page(listing: Listing, rows: list[Record], applied: str | None) -> Response:
    page, per_page = _whole("page", 1), min(_whole("per_page", USUAL_PAGE), LARGEST_PAGE)
    column, order = request.args.get("sort_column", "created_time"), request.args.get("sort_order", "D")
    if column in listing.sort_columns and column != "created_time":
        rows = sorted(rows, key=lambda row: row[column], reverse=order == "D")
    elif order == "A":
        rows.reverse()
    start = (page - 1) * per_page
    context = {
        "page": page,
        "per_page": per_page,
        "has_more_page": len(rows) > start + per_page,
        "applied_filter": applied or "Status.All",
        "sort_column": column,
        "sort_order": order,
    }
    shown: Record = {listing.resource: rows[start : start + per_page], "page_context": context}
    return envelope(**shown)


def _whole(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) < 10**8:
        raise ApiError(400, 2, f"Invalid value passed for {name}")
    return int(text)


def field_of(name: str) -> Getter:
    """Reads a field as text; absent is empty."""
    return lambda record: str(record.get(name) or "")


def same(get: Getter) -> Test:
    """Equal, letter case aside."""
    return lambda record, value: get(record).casefold() == value.casefold()


def holds(get: Getter) -> Test:
    """Contains the value somewhere, letter case aside."""
    return lambda record, value: value.casefold() in get(record).casefold()


def begins(get: Getter) -> Test:
    """Starts with the value, letter case aside."""
    return lambda record, value: get(record).casefold().startswith(value.casefold())


def ends(get: Getter) -> Test:
    """Ends with the value, letter case aside."""
    return lambda record, value: get(record).casefold().endswith(value.casefold())


def texts(*names: str) -> dict[str, Test]:
    """`name`, `name_startswith` and `name_contains` for each field."""
    filters: dict[str, Test] = {}
    for name in names:
        get = field_of(name)
        filters |= {name: same(get), f"{name}_startswith": begins(get), f"{name}_contains": holds(get)}
    return filters


def days(name: str) -> dict[str, Test]:
    """`name`, and `_start`, `_end` (inclusive), `_before`, `_after` (exclusive); yyyy-mm-dd sorts as text."""
    get = field_of(name)
    return {
        name: same(get),
        f"{name}_start": lambda record, value: get(record) >= value,
        f"{name}_end": lambda record, value: get(record) <= value,
        f"{name}_before": lambda record, value: get(record) < value,
        f"{name}_after": lambda record, value: get(record) > value,
    }


def amounts(name: str) -> dict[str, Test]:
    """`name`, and `_less_than`, `_less_equals`, `_greater_than`, `_greater_equals`."""
    return {
        name: lambda record, value: bool(record[name] == _amount(value, name)),
        f"{name}_less_than": lambda record, value: bool(record[name] < _amount(value, name)),
        f"{name}_less_equals": lambda record, value: bool(record[name] <= _amount(value, name)),
        f"{name}_greater_than": lambda record, value: bool(record[name] > _amount(value, name)),
        f"{name}_greater_equals": lambda record, value: bool(record[name] >= _amount(value, name)),
    }


def _amount(value: str, name: str) -> Decimal:
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise ApiError(400, 2, f"Invalid value passed for {name}") from None
    if not amount.is_finite():
        raise ApiError(400, 2, f"Invalid value passed for {name}")
    return amount


def ids(*names: str) -> dict[str, Test]:
    """Exact match on fields that hold ids or fixed words."""
    return {name: same(field_of(name)) for name in names}

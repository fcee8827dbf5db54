"""What reports are made of, read from one organization's lists page by page, a call for 200 rows.

Zoho ignores filters it does not know without a word: every row is asked whether it belongs. Pages:
zoho.com/books/api/v3/{invoices,customer-payments,expenses}; the list of payments has no documented filter for a time.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from drafts import DocumentKind
from errors import ZohoUnavailable
from zoho.client import PAGE_SIZE, Client
from zoho.lookups import Lookups
from zoho.protocol import RESOURCES, Row
from zoho.reports import ISSUED, NOTHING, OpenInvoice, in_own_currency, open_invoice

MOST_PAGES = 50
# Zoho does not say whether its `unpaid` holds those of the other two.
_OWED = ("unpaid", "overdue", "partially_paid")
_NEWEST_FIRST = {"sort_column": "date", "sort_order": "D"}


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums by month, then by category; how many rows had no rate to count them by, and whether all rows were read."""

    by_month: dict[str, dict[str, Decimal]]
    without_rate: int
    is_complete: bool


class _Rows:
    """The rows of a list, each once; `is_complete` says afterwards whether there may be more."""

    def __init__(self, client: Client, path: str, *, id_field: str, since: str = "", **params: str) -> None:
        self._pages = client.pages(path, params)
        self._id_field = id_field
        self._since = since
        self.is_complete = True

    def __iter__(self) -> Iterator[Row]:
        """Ends after a whole page from before `since`, not the first such row: Zoho may ignore the order asked for."""
        seen: set[str] = set()
        for number, page in enumerate(self._pages, 1):
            fresh = {str(row[self._id_field]): row for row in page}
            yield from (row for zoho_id, row in fresh.items() if zoho_id not in seen)
            seen |= fresh.keys()
            if page and all(row["date"] < self._since for row in page):
                return
            if number == MOST_PAGES:
                self.is_complete = len(page) < PAGE_SIZE
                return


class Readings:
    """Reads what reports need, all of it anew.

    Every method may raise `ZohoUnavailable`, `QuotaExhausted`, `OrganizationPaused` and `ZohoRejected`.
    """

    def __init__(self, client: Client, names: Lookups) -> None:
        self._client = client
        self._names = names

    def open_invoices(self) -> tuple[list[OpenInvoice], bool]:
        """Every invoice that is owed, and whether that is all of them."""
        own, found, is_complete = self._names.own_currency(), dict[str, OpenInvoice](), True
        for status in _OWED:
            rows = _Rows(self._client, "/invoices", id_field="invoice_id", status=status, **_NEWEST_FIRST)
            with _readable("invoices"):
                found |= {invoice.invoice_id: invoice for row in rows if (invoice := open_invoice(row, own))}
            is_complete = is_complete and rows.is_complete
        return list(found.values()), is_complete

    def invoiced(self, months: Sequence[str]) -> Sums:
        """The totals of the invoices of these months, neither drafts nor void ones."""
        return self._sums("invoice", months, counts=lambda row: row["status"] in ISSUED, date_start=f"{months[0]}-01")

    def collected(self, months: Sequence[str]) -> Sums:
        """The amounts of the payments that customers made in these months."""
        return self._sums("payment", months)

    def spent(self, months: Sequence[str]) -> Sums:
        """The totals of the expenses of these months, by the name of their account."""
        return self._sums("expense", months, date_start=f"{months[0]}-01")

    def _sums(
        self, kind: DocumentKind, months: Sequence[str], *, counts: Callable[[Row], bool] = bool, **params: str
    ) -> Sums:
        resource, own, without_rate = RESOURCES[kind], self._names.own_currency(), 0
        sums: dict[str, dict[str, Decimal]] = {month: {} for month in months}
        params |= {"filter_by": resource.all_filter, **_NEWEST_FIRST}
        rows = _Rows(self._client, resource.path, id_field=resource.id_field, since=f"{months[0]}-01", **params)
        with _readable(f"{kind}s"):
            for row in rows:
                if row["date"][:7] in sums and counts(row):
                    amount = in_own_currency(row, resource.total_field, own)
                    without_rate += amount is None
                    _add(sums[row["date"][:7]], str(row.get("account_name") or ""), amount or NOTHING)
        return Sums(sums, without_rate, rows.is_complete)


def _add(sums: dict[str, Decimal], name: str, amount: Decimal) -> None:
    sums[name] = sums.get(name, NOTHING) + amount


@contextmanager
def _readable(what: str) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError):
        raise ZohoUnavailable(f"Zoho's list of {what} has a row that cannot be read.") from None

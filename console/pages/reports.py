"""Reports from Zoho: who owes what, what is overdue, revenue and cash, expenses."""

import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from flask import Response, abort, request, url_for

from console import reports, words
from console.frame import Pages
from console.guard import services, visitor
from console.kept import KeptReports, Read, Report
from console.notices import give_notice
from console.pages.events import say
from console.reminders import Reminders
from console.sheets import Cell
from errors import BookhookError, OutcomeUnknown
from ledger.records import second
from zoho.books import Books
from zoho.reports import BUCKETS, OpenInvoice, debtors

IN_A_PAGE = 50
SHORTEST_CLICK, LONGEST_CLICK = 16, 64
NAMES = "<any(receivables, cash, expenses):name>"
NONE_CONNECTED = "No organization is connected to Zoho yet, so nothing can be read. An admin connects one under Zoho."
pages = Pages("reports")


@pages.page("/reports", "receivables.html")
def receivables() -> dict[str, Any]:
    """What is owed, by age, and who owes most."""
    found = _report("receivables")
    told = reports.receivables(found.figures, _now()) if found.figures else None
    return {**_about("receivables", found), "report": told}


@pages.sheet("/reports.csv")
def receivables_csv() -> Iterator[Sequence[Cell]]:
    """Every customer who owes."""
    figures = _figures("receivables")
    yield ("Customer", *map(words.days_overdue, BUCKETS), "Total", "Currency")
    for each in debtors(reports.invoices(figures), reports.today(figures, _now())):
        yield (each.customer, *(each.buckets[name] for name in BUCKETS), each.owed, figures["currency"])


@pages.page("/reports/overdue", "overdue.html")
def overdue() -> dict[str, Any]:
    """Invoices that are overdue, the longest first, a page at a time; the last page for one that is not there."""
    found = _report("receivables")
    asked = {name: request.args.get(name, "").strip() for name in ("customer", "bucket")}
    rows = _overdue(found.figures, asked) if found.figures else []
    pages_of_rows = -(-len(rows) // IN_A_PAGE)
    number = min(_page_number(), max(1, pages_of_rows))
    shown = rows[(number - 1) * IN_A_PAGE : number * IN_A_PAGE]
    return {
        **_about("receivables", found),
        "asked": asked,
        "buckets": BUCKETS[1:],
        "count": len(rows),
        "total": reports.text(sum((invoice.owed or Decimal(0) for invoice, _ in rows), Decimal(0))),
        "click": secrets.token_urlsafe(SHORTEST_CLICK),
        "page": number,
        "pages": pages_of_rows,
        "invoices": _told(shown),
    }


@pages.sheet("/reports/overdue.csv")
def overdue_csv() -> Iterator[Sequence[Cell]]:
    """All that the filters let through."""
    figures = _figures("receivables")
    asked = {name: request.args.get(name, "").strip() for name in ("customer", "bucket")}
    yield ("Invoice", "Customer", "Due", "Days overdue", f"Owed in {figures['currency']}", "Balance", "Currency")
    for each, days in _overdue(figures, asked):
        yield (
            *(each.number, each.customer, each.due_date.isoformat(), days),
            *(each.owed, each.balance, each.currency_code),
        )


@pages.page("/reports/cash", "cash.html")
def cash() -> dict[str, Any]:
    """What was invoiced and collected month by month, and what is outstanding."""
    found, owed = _report("cash"), _report("receivables")
    return {
        **_about("cash", found),
        **(_reading("receivables", owed) if found.progress is None else {}),
        "report": reports.cash(found.figures) if found.figures else None,
        "receivables": reports.receivables(owed.figures, _now()) if owed.figures else None,
        "receivables_read_at": _moment(owed.read_at),
    }


@pages.sheet("/reports/cash.csv")
def cash_csv() -> Iterator[Sequence[Cell]]:
    """The same."""
    figures = _figures("cash")
    yield ("Month", "Invoiced", "Collected", "Currency")
    for each in figures["months"]:
        yield (each["month"], Decimal(each["invoiced"]), Decimal(each["collected"]), figures["currency"])


@pages.page("/reports/expenses", "expenses.html")
def expenses() -> dict[str, Any]:
    """What was spent, by category."""
    found, month = _report("expenses"), request.args.get("month", "").strip()
    told = reports.expenses(found.figures, month=month) if found.figures else None
    return {**_about("expenses", found), "asked": {"month": month}, "report": told}


@pages.sheet("/reports/expenses.csv")
def expenses_csv() -> Iterator[Sequence[Cell]]:
    """Every category of every month, or of the one that is asked for."""
    figures, month = _figures("expenses"), request.args.get("month", "").strip()
    yield ("Month", "Category", "Amount", "Currency")
    for name in figures["months"] if not month else {month} & figures["months"].keys():
        for category, amount in reports.expenses(figures, month=name)["categories"].items():
            yield (name, category, Decimal(amount), figures["currency"])


@pages.page(f"/reports/reading/{NAMES}", "reading.html")
def reading(name: str) -> dict[str, Any] | Response:
    """How far reading a report is; a page that follows it is loaded anew once it is read."""
    books = _books()
    found = _kept().kept(_id(books), name)
    if found.progress is None and "HX-Request" in request.headers:
        return Response(status=204, headers={"HX-Refresh": "true"})
    return {"organization": _id(books), **_reading(name, found), "trouble": found.trouble}


@pages.action(f"/reports/{NAMES}/refresh", may="view")
def refresh(name: str) -> str:
    """Reads a report anew."""
    books, shown_on = _books(), request.form.get("shown_on", name)
    services().audit.note(visitor().person.name, "report_refreshed", subject=name, detail=_id(books))
    _kept().read(_id(books), name, _reader(name, books))
    onward = shown_on if shown_on in ("receivables", "overdue", "cash", "expenses") else name
    return url_for(f"reports.{onward}", organization=_id(books))


@pages.action("/reports/overdue/<invoice_id>/remind", may="operate")
def remind(invoice_id: str) -> str:
    """Has Zoho remind the customer of an invoice, once for every click."""
    books, click = _books(), request.form.get("click", "")
    if not SHORTEST_CLICK <= len(click) <= LONGEST_CLICK:
        abort(400, "The form does not say which click it comes of: load the page again.")
    invoice = _known_invoice(books, invoice_id)
    if _reminders(books).take_up(invoice_id, click):
        _remind(books, invoice)
    else:
        _tell("That click was taken up already; no second reminder is sent.", is_error=True)
    customer, in_bucket, page = (request.form.get(name) or None for name in ("customer", "bucket", "page"))
    return url_for("reports.overdue", organization=_id(books), customer=customer, bucket=in_bucket, page=page)


def _remind(books: Books, invoice: OpenInvoice) -> None:
    services().audit.note(visitor().person.name, "reminded", subject=invoice.number, detail=_id(books))
    try:
        books.remind(invoice.invoice_id)
    except OutcomeUnknown:
        _reminders(books).note(invoice.invoice_id)
        _tell("Zoho did not say whether it sent the reminder: look there before you send another.", is_error=True)
    except BookhookError as trouble:
        _tell(say(trouble), is_error=True)
    else:
        _reminders(books).note(invoice.invoice_id)
        _tell(f"Zoho has sent a reminder of {invoice.number}.")


def _known_invoice(books: Books, invoice_id: str) -> OpenInvoice:
    figures = _kept().kept(_id(books), "receivables").figures or {"invoices": []}
    found = [each for each in reports.invoices(figures) if each.invoice_id == invoice_id]
    if not found:
        abort(404, "The invoice is not among those that were open when they were read last: refresh the page.")
    return found[0]


def _report(name: str) -> Report:
    books = _books()
    return _kept().fresh(_id(books), name, _reader(name, books))


def _reader(name: str, books: Books) -> Read:
    return partial(reports.read_in_turn, name, books, _now())


def _figures(name: str) -> dict[str, Any]:
    """The figures for a file, which has no room to say that there are none."""
    found = _report(name)
    if found.figures is None:
        is_read = f"It is being read, {words.count(found.progress.rows, 'row')} so far" if found.progress else ""
        abort(503, found.trouble or f"{is_read}: ask again in a moment.")
    return found.figures


def _about(name: str, found: Report) -> dict[str, Any]:
    """What every report says about itself."""
    figures = found.figures or {}
    return {
        "now": _now(),
        "name": name,
        "organization": _id(_books()),
        "organizations": {_id(books): books.organization.name for books in services().books.values()},
        "read_at": _moment(found.read_at),
        "trouble": found.trouble,
        **_reading(name, found),
        "currency": figures.get("currency"),
        "is_complete": figures.get("is_complete", True),
        "without_rate": figures.get("without_rate", 0),
    }


def _reading(name: str, found: Report) -> dict[str, Any]:
    """Which report is being read, if this one is, and how far that is."""
    if found.progress is None:
        return {"reading": None, "progress": None}
    return {"reading": name, "progress": {"rows": found.progress.rows, "waits": found.progress.waits}}


def _overdue(figures: dict[str, Any], asked: dict[str, str]) -> list[tuple[OpenInvoice, int]]:
    return reports.overdue(figures, _now(), customer=asked["customer"], in_bucket=asked["bucket"])


def _told(rows: Sequence[tuple[OpenInvoice, int]]) -> list[dict[str, Any]]:
    books = _books()
    reminded = _reminders(books).last([invoice.invoice_id for invoice, _ in rows])
    return [
        {
            "invoice_id": invoice.invoice_id,
            "number": invoice.number,
            "customer": invoice.customer,
            "due_date": invoice.due_date.isoformat(),
            "days_overdue": days,
            "owed": None if invoice.owed is None else reports.text(invoice.owed),
            "balance": reports.text(invoice.balance),
            "currency_code": invoice.currency_code,
            "last_reminded": invoice.last_reminded,
            "reminded_here": _moment(at),
            "url": books.document_url("invoice", invoice.invoice_id),
        }
        for (invoice, days), at in zip(rows, reminded, strict=True)
    ]


def _books() -> Books:
    """Those of the organization that is asked for, else of the first."""
    books = services().books
    asked = request.values.get("organization") or next(iter(books), "")
    if (found := books.get(asked)) is None:
        abort(404, NONE_CONNECTED if not books else f"There is no organization {asked} here.")
    return found


def _id(books: Books) -> str:
    return books.organization.organization_id


def _kept() -> KeptReports:
    return KeptReports(services().ledger.redis, clock=services().clock, pause=services().pause)


def _reminders(books: Books) -> Reminders:
    return Reminders(services().ledger.redis, _id(books), clock=services().clock)


def _moment(at: float | None) -> str | None:
    return None if at is None else second(datetime.fromtimestamp(at, UTC))


def _now() -> float:
    return services().clock()


def _page_number() -> int:
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _tell(sentence: str, *, is_error: bool = False) -> None:
    give_notice(services().ledger.redis, visitor().session, sentence, is_error=is_error)

"""What the reports say, as JSON values: read from the books, then shown as of a day."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from console.kept import Reading
from zoho.books import Books
from zoho.protocol import RESOURCES
from zoho.readings import Sums
from zoho.reports import (
    NOTHING,
    Debtor,
    OpenInvoice,
    age,
    bucket,
    debtors,
    largest_first,
    last_months,
    longest_overdue,
)
from zoho.watching import Made, watched

MONTHS = 6
LARGEST_CUSTOMERS = 10
NO_ACCOUNT = "(no account)"
Figures = dict[str, Any]


def read_receivables(books: Books, now: float) -> Figures:
    """Every open invoice."""
    invoices, is_complete = books.readings.open_invoices()
    without_rate = sum(invoice.owed is None for invoice in invoices)
    told = {"is_complete": is_complete, "without_rate": without_rate}
    return {**_organization(books), **told, "invoices": [_kept(invoice) for invoice in invoices]}


def read_cash(books: Books, now: float) -> Figures:
    """What was invoiced and collected, by month."""
    organization = _organization(books)
    months = last_months(today(organization, now), MONTHS)
    invoiced, collected = books.readings.invoiced(months), books.readings.collected(months)
    by_month = [
        {"month": month, "invoiced": _all_of(invoiced, month), "collected": _all_of(collected, month)}
        for month in months
    ]
    return {**organization, **_completeness(invoiced, collected), "months": by_month}


def read_expenses(books: Books, now: float) -> Figures:
    """What was spent, by month and category."""
    organization = _organization(books)
    spent = books.readings.spent(last_months(today(organization, now), MONTHS))
    by_month = {
        month: {name or NO_ACCOUNT: text(amount) for name, amount in sums.items()}
        for month, sums in spent.by_month.items()
    }
    return {**organization, **_completeness(spent), "months": by_month}


def read_in_turn(name: str, books: Books, now: float, reading: Reading) -> Figures:
    """The figures of a report, read as those who post leave time for it."""
    with books.quota.yielding(reading.wait), watched(lambda made: reading.count(_rows(made))):
        return READERS[name](books, now)


def _rows(made: Made) -> int:
    """How many rows came back that a report is made of, not those that have names."""
    is_told = made.path in (resource.path for resource in RESOURCES.values())
    return sum(rows for rows in made.answer.values() if isinstance(rows, int)) if is_told else 0


READERS: Mapping[str, Callable[[Books, float], Figures]] = {
    "receivables": read_receivables,
    "cash": read_cash,
    "expenses": read_expenses,
}


def today(figures: Figures, now: float) -> date:
    """The organization's calendar day."""
    return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(figures["time_zone"])).date()


def invoices(figures: Figures) -> list[OpenInvoice]:
    """The open invoices that `read_receivables` has read."""
    return [_unkept(kept) for kept in figures["invoices"]]


def receivables(figures: Figures, now: float) -> Figures:
    """What is owed by age, and who owes most."""
    day, owed = today(figures, now), invoices(figures)
    buckets, everybody = age(owed, day), debtors(owed, day)
    return {
        "invoices": len(owed),
        "outstanding": text(sum(buckets.values(), NOTHING)),
        "overdue": text(sum(buckets.values(), NOTHING) - buckets["current"]),
        "buckets": {name: text(amount) for name, amount in buckets.items()},
        "customers": len(everybody),
        "largest": [_debtor(each) for each in everybody[:LARGEST_CUSTOMERS]],
    }


def overdue(figures: Figures, now: float, *, customer: str, in_bucket: str) -> list[tuple[OpenInvoice, int]]:
    """The invoices of customers so named that are overdue, of one bucket or of all (""), and for how many days."""
    day = today(figures, now)
    late = [(each, each.days_overdue(day)) for each in longest_overdue(invoices(figures), day)]
    return [
        (invoice, days)
        for invoice, days in late
        if customer.casefold() in invoice.customer.casefold() and in_bucket in ("", bucket(days))
    ]


def cash(figures: Figures) -> Figures:
    """What was invoiced and collected, by month and altogether."""
    months = figures["months"]
    sums = {name: text(total(month[name] for month in months)) for name in ("invoiced", "collected")}
    return {"months": months, **sums}


def expenses(figures: Figures, *, month: str) -> Figures:
    """What was spent by category, in a month if one is named, else in all of them; the largest first."""
    sums: dict[str, Decimal] = {}
    for name, categories in figures["months"].items():
        for category, amount in categories.items() if month in ("", name) else ():
            sums[category] = sums.get(category, NOTHING) + Decimal(amount)
    return {
        "months": list(figures["months"]),
        "categories": {name: text(amount) for name, amount in largest_first(sums).items()},
        "total": text(sum(sums.values(), NOTHING)),
    }


def text(amount: Decimal) -> str:
    """An amount as JSON gives it."""
    return f"{amount:f}"


def total(amounts: Iterable[str]) -> Decimal:
    """The sum of amounts that JSON gives."""
    return sum(map(Decimal, amounts), NOTHING)


def _organization(books: Books) -> Figures:
    return {"currency": books.names.own_currency().code, "time_zone": books.names.time_zone() or "UTC"}


def _completeness(*read: Sums) -> Figures:
    return {
        "is_complete": all(sums.is_complete for sums in read),
        "without_rate": sum(sums.without_rate for sums in read),
    }


def _all_of(sums: Sums, month: str) -> str:
    return text(sum(sums.by_month[month].values(), NOTHING))


def _debtor(debtor: Debtor) -> Figures:
    buckets = {name: text(amount) for name, amount in debtor.buckets.items()}
    return {"customer_id": debtor.customer_id, "customer": debtor.customer, "owed": text(debtor.owed), **buckets}


def _kept(invoice: OpenInvoice) -> Figures:
    told = {field.name: getattr(invoice, field.name) for field in fields(invoice)}
    owed = None if invoice.owed is None else text(invoice.owed)
    return {**told, "due_date": invoice.due_date.isoformat(), "balance": text(invoice.balance), "owed": owed}


def _unkept(kept: Figures) -> OpenInvoice:
    owed = None if kept["owed"] is None else Decimal(kept["owed"])
    due, balance = date.fromisoformat(kept["due_date"]), Decimal(kept["balance"])
    return OpenInvoice(**{**kept, "due_date": due, "balance": balance, "owed": owed})

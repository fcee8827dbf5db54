"""What reports say of rows that Zoho lists: who owes what for how long, and sums by month and category. No I/O.

Amounts are in the organization's own currency: as Zoho states them where it does (`bcy_…`), else by the document's own
exchange rate. A document in a foreign currency without a rate has no amount; it is counted as that, never guessed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from zoho.protocol import Row, read_money

MOST_DAYS = {"current": 0, "1-30": 30, "31-60": 60, "61-90": 90}
BUCKETS = (*MOST_DAYS, "90+")
OPEN = frozenset({"sent", "viewed", "unpaid", "overdue", "partially_paid"})
ISSUED = OPEN | {"paid"}
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Currency:
    """The organization's own currency and its decimals."""

    code: str
    precision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvoice:
    """An invoice that is owed; `balance` is in its own currency, `owed` in the organization's, None without a rate."""

    invoice_id: str
    number: str
    customer_id: str
    customer: str
    due_date: date
    currency_code: str
    balance: Decimal
    owed: Decimal | None
    last_reminded: str

    def days_overdue(self, today: date) -> int:
        """For how many days it should have been paid; 0 while it need not be."""
        return max(0, (today - self.due_date).days)


Buckets = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Debtor:
    """What a customer owes, by age."""

    customer_id: str
    customer: str
    buckets: Buckets

    @property
    def owed(self) -> Decimal:
        """All of it."""
        return sum(self.buckets.values(), NOTHING)


def in_own_currency(row: Row, field: str, own: Currency) -> Decimal | None:
    """The amount in the organization's currency, None if the row does not tell; raises KeyError and ValueError."""
    stated = row.get(f"bcy_{field}")
    if stated not in (None, ""):
        return read_money(stated)
    amount = read_money(row[field])
    if row["currency_code"] == own.code:
        return amount
    rate = read_money(row.get("exchange_rate") or 0)
    return (amount * rate).quantize(Decimal(1).scaleb(-own.precision), ROUND_HALF_UP) if rate > 0 else None


def open_invoice(row: Row, own: Currency) -> OpenInvoice | None:
    """The invoice if something of it is owed; raises KeyError and ValueError for a row that does not describe one."""
    if row["status"] not in OPEN or read_money(row["balance"]) <= 0:
        return None
    return OpenInvoice(
        invoice_id=str(row["invoice_id"]),
        number=str(row["invoice_number"]),
        customer_id=str(row["customer_id"]),
        customer=str(row["customer_name"]),
        due_date=date.fromisoformat(row.get("due_date") or row["date"]),
        currency_code=str(row["currency_code"]),
        balance=read_money(row["balance"]),
        owed=in_own_currency(row, "balance", own),
        last_reminded=str(row.get("last_reminder_sent_date") or "").strip(),
    )


def bucket(days_overdue: int) -> str:
    """Which of `BUCKETS` so many days belong to."""
    return next((name for name, most in MOST_DAYS.items() if days_overdue <= most), BUCKETS[-1])


def age(invoices: Iterable[OpenInvoice], today: date) -> dict[str, Decimal]:
    """What is owed, by bucket."""
    sums = dict.fromkeys(BUCKETS, NOTHING)
    for invoice in invoices:
        sums[bucket(invoice.days_overdue(today))] += invoice.owed or NOTHING
    return sums


def debtors(invoices: Iterable[OpenInvoice], today: date) -> list[Debtor]:
    """What each customer owes, who owes most first."""
    theirs: dict[str, list[OpenInvoice]] = {}
    for invoice in invoices:
        theirs.setdefault(invoice.customer_id, []).append(invoice)
    told = [Debtor(id_, owed[0].customer, age(owed, today)) for id_, owed in theirs.items()]
    return sorted(told, key=lambda debtor: (-debtor.owed, debtor.customer))


def longest_overdue(invoices: Iterable[OpenInvoice], today: date) -> list[OpenInvoice]:
    """Those that are overdue, the longest first."""
    late = (invoice for invoice in invoices if invoice.days_overdue(today))
    return sorted(late, key=lambda invoice: (invoice.due_date, invoice.number))


def last_months(today: date, count: int) -> list[str]:
    """The month of `today` and those before it, `2026-03`, oldest first."""
    months = [today.replace(day=1)]
    while len(months) < count:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return [f"{month:%Y-%m}" for month in reversed(months)]


def largest_first(sums: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The sums in the order of their size, those of one size by name."""
    return dict(sorted(sums.items(), key=lambda each: (-each[1], each[0])))

"""Half a year of a small shop, for whoever looks at the console of a demonstration.

Drawn by rule: the same each time but for its dates, which end today. What nobody could post by rule is among it, as a
console is there for that: a tax that Zoho does not know, totals that are not the sum of the lines, expenses to approve.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from mappings import Example
from mappings.examples import compact

SHOP, TEAM = "garden-shop", "team-expenses"
# The source of each secret, by its setting.
SECRETS = {"GARDEN_SHOP_SECRET": "standard", "TEAM_EXPENSES_SECRET": "slack"}
CONNECTIONS: dict[str, dict[str, Any]] = {
    SHOP: {
        "source": "standard",
        "secret": "GARDEN_SHOP_SECRET",
        "invoices": {"mark_sent": True},
        "expenses": {"approval": "over(2000)"},
    },
    TEAM: {"source": "slack", "secret": "TEAM_EXPENSES_SECRET", "expenses": {"approval": "always"}},
}
ORDERS_BY_MONTH = (7, 9, 8, 11, 12, 15)
UNKNOWN_TAX = frozenset({41, 44, 47, 50, 53, 56})
WRONG_TOTAL = frozenset({38, 59})
REFUNDED = frozenset({12, 23, 34})
CUSTOMERS = (
    *("Maren Holt", "Tomas Rivera", "Aiko Tanaka", "Priya Nair", "Lukas Brandt", "Ines Moreau", "Oluwaseun Ade"),
    *("Greta Lind", "Samuel Okafor", "Chiara Russo", "Noah Feldman", "Yara Haddad", "Northside Cafe", "Villa Aster"),
    *("Hotel Lindenhof", "Studio Ferro", "Kite Architects", "The Reading Room"),
)
GOODS = (
    *(("Olive tree, 120 cm", "89.00"), ("Terracotta pot, 40 cm", "34.50"), ("Lavender, set of six", "27.00")),
    *(("Cedar planter", "129.00"), ("Pruning shears", "42.00"), ("Watering can, copper", "58.50")),
    *(("Fern in a pot", "19.50"), ("Garden bench, oak", "349.00"), ("Seed box, spring", "24.00")),
)
COSTS = (
    *(("Rent Expense", "1450.00", "Workshop, monthly rent"), ("Software and Subscriptions", "49.00", "Shop software")),
    *(("Postage", "186.40", "Parcels"), ("Advertising And Marketing", "240.00", "Autumn catalogue")),
    *(("Automobile Expense", "97.35", "Fuel for the van"), ("Telephone Expense", "38.90", "Telephone")),
)
TYPED = (
    *(
        ("U0JONAS", "jonas", "86.40 USD meals supper with Hotel Lindenhof"),
        ("U0LENA", "lena", "214 USD travel train to the fair"),
    ),
    *(("U0JONAS", "jonas", "39.90 USD office labels"), ("U0AMIR", "amir", "512.75 USD travel hotel, two nights")),
    ("U0LENA", "lena", "18.20 USD meals coffee for the market stand"),
)
HEATER = {
    "id": "garden-heater",
    "amount": "2380.00",
    "currency": "USD",
    "account": "Other Expenses",
    "vendor": "Therma Garden Supply",
    "description": "Two greenhouse heaters, before the frost",
    "submitted_by": "ines@example.com",
}
RECEIPT = Path(__file__).with_name("demo_receipt.png")
BOUNDARY = "garden-shop-receipt"
TAX_SHARE = Decimal("0.06")


@dataclass(frozen=True, slots=True)
class Told:
    """A request of a connection, and the state its event ends in."""

    connection: str
    example: Example
    ends: str


def half_a_year(today: date, team: Example) -> list[list[Told]]:
    """What is sent, in groups of which each follows the one before; `team` is an example of a typed expense."""
    orders = list(_orders(today, Random(7)))  # noqa: S311  a plot, not a secret
    first = [_told("order.completed", order, ends=_ends(number)) for number, order in orders]
    first += [_told("expense.submitted", cost) for cost in _costs(today)]
    first += [_typed(team, number, *words) for number, words in enumerate(TYPED)]
    first.append(_with_receipt("expense.submitted", {**HEATER, "date": today.isoformat()}))
    return [first, [_refund(order, today) for number, order in orders if number in REFUNDED]]


def _orders(today: date, dice: Random) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    for months_ago, count in zip(range(len(ORDERS_BY_MONTH) - 1, -1, -1), ORDERS_BY_MONTH, strict=True):
        days = sorted(dice.randrange(1, 29) for _ in range(count))
        for day in days:
            number += 1
            placed = min(_month(today, months_ago).replace(day=day), today)
            yield number, _order(number, placed, today, dice)


def _order(number: int, placed: date, today: date, dice: Random) -> dict[str, Any]:
    customer = dice.choice(CUSTOMERS)
    tax = "CA State Tax" if number in UNKNOWN_TAX else "State Tax"
    lines = [_line(*goods, dice.choice((1, 1, 2, 3)), tax) for goods in dice.sample(GOODS, dice.choice((1, 2, 3)))]
    total = sum((_worth(line) for line in lines), Decimal(9 if number in WRONG_TOTAL else 0))
    due = placed + timedelta(days=dice.choice((0, 14, 30)))
    return {
        "id": f"garden-{number}",
        "number": f"G-{1000 + number}",
        "date": placed.isoformat(),
        "due_date": due.isoformat(),
        "currency": "USD",
        "customer": {"name": customer, "email": f"{'.'.join(customer.lower().split())}@example.com"},
        "lines": lines,
        "total": str(total),
        "payments": _payments(number, total, due, today, dice),
    }


def _line(name: str, price: str, quantity: int, tax: str) -> dict[str, Any]:
    amount = (Decimal(price) * quantity * TAX_SHARE).quantize(Decimal("0.01"))
    taxes = [{"name": tax, "rate": "6", "amount": str(amount)}]
    return {"name": name, "quantity": str(quantity), "unit_price": price, "taxes": taxes}


def _worth(line: dict[str, Any]) -> Decimal:
    return Decimal(line["quantity"]) * Decimal(line["unit_price"]) + Decimal(line["taxes"][0]["amount"])


def _payments(number: int, total: Decimal, due: date, today: date, dice: Random) -> list[dict[str, str]]:
    """Most pay in full, on time or a little late; some a part, some not yet."""
    share = dice.choices((Decimal(1), Decimal("0.4"), Decimal(0)), (78, 6, 16))[0]
    paid_on = due + timedelta(days=dice.choice((0, 0, 3, 9)))
    if not share or paid_on > today:
        return []
    amount = (total * share).quantize(Decimal("0.01"))
    return [{"id": f"garden-pay-{number}", "date": paid_on.isoformat(), "amount": str(amount), "method": "card"}]


def _costs(today: date) -> Iterator[dict[str, str]]:
    for months_ago in range(len(ORDERS_BY_MONTH)):
        month = _month(today, months_ago)
        for number, (account, amount, description) in enumerate(COSTS):
            spent = min(month.replace(day=2 + 4 * number), today)
            told = {"id": f"garden-cost-{months_ago}-{number}", "date": spent.isoformat(), "amount": amount}
            yield told | {"currency": "USD", "account": account, "description": description}


def _refund(order: dict[str, Any], today: date) -> Told:
    line = {**order["lines"][0], "quantity": "1"}
    line["taxes"] = _line(line["name"], line["unit_price"], 1, line["taxes"][0]["name"])["taxes"]
    placed = date.fromisoformat(order["date"])
    refund = {
        "id": f"{order['id']}-refund",
        "order_id": order["id"],
        "date": min(placed + timedelta(days=6), today).isoformat(),
        "currency": "USD",
        "amount": str(_worth(line)),
        "lines": [line],
        "reason": "Arrived broken",
    }
    return _told("refund.created", refund)


def _told(kind: str, data: dict[str, Any], *, ends: str = "posted") -> Told:
    body = compact({"type": kind, "data": data}).encode()
    return Told(SHOP, Example("standard", kind, body, {"Content-Type": "application/json"}, {}), ends)


def _with_receipt(kind: str, data: dict[str, Any]) -> Told:
    """An expense with its receipt, as a form of two parts."""
    parts = (
        (b'name="event"', b"application/json", compact({"type": kind, "data": data}).encode()),
        (b'name="receipt"; filename="receipt.png"', b"image/png", RECEIPT.read_bytes()),
    )
    head = b"--%s\r\nContent-Disposition: form-data; %s\r\nContent-Type: %s\r\n\r\n%s\r\n"
    body = b"".join(head % (BOUNDARY.encode(), *part) for part in parts) + b"--%s--\r\n" % BOUNDARY.encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return Told(SHOP, Example("standard", kind, body, headers, {}), "awaiting_approval")


def _ends(number: int) -> str:
    return "parked" if number in UNKNOWN_TAX | WRONG_TOTAL else "posted"


def _typed(team: Example, number: int, user_id: str, user_name: str, text: str) -> Told:
    fields = {"user_id": user_id, "user_name": user_name, "text": text, "trigger_id": f"demo.{number}"}
    return Told(TEAM, team.with_fields(fields), "awaiting_approval")


def _month(today: date, ago: int) -> date:
    """The first day of the month so many months before."""
    months = today.year * 12 + today.month - 1 - ago
    return date(months // 12, months % 12 + 1, 1)

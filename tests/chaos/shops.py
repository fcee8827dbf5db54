"""What the senders send: requests made of the sources' own examples, with other people, lines and amounts. No I/O.

Totals are computed here, line by line, as the shops do it, and with no code of Bookhook's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from mappings.examples import Example, compact
from tests.scene import example

template_of = cache(example)
CENT = Decimal("0.01")
# Each source's tax, by the name it has in the sandbox.
TAXES = {
    "shopify": ("State Tax", Decimal(6)),
    "woocommerce": ("Sales Tax", Decimal("8.25")),
    "standard": ("VAT", Decimal(20)),
}
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """A buyer: known by e-mail, else by an id that only its shop knows, else not at all."""

    first_name: str
    last_name: str
    email: str | None = None
    customer_id: int | None = None

    @property
    def name(self) -> str:
        """As the shop writes it."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an order; `discount` is an amount off the whole line."""

    title: str
    price: Decimal
    quantity: int
    discount: Decimal
    is_taxed: bool

    @property
    def gross(self) -> Decimal:
        """Before discount and tax."""
        return self.price * self.quantity

    @property
    def net(self) -> Decimal:
        """After discount, before tax."""
        return self.gross - self.discount

    def tax(self, source: str) -> Decimal:
        """The tax on the line, to the cent."""
        return (self.net * TAXES[source][1] / 100).quantize(CENT, ROUND_HALF_UP) if self.is_taxed else Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One version of an order; `version` tells the bodies of one order apart."""

    source: str
    number: int
    person: Person
    currency_code: str
    items: tuple[Item, ...]
    version: int = 1
    is_paid: bool = True

    @property
    def total(self) -> Decimal:
        """What the buyer pays."""
        return sum((item.net + item.tax(self.source) for item in self.items), Decimal(0))

    @property
    def reference(self) -> str:
        """What the document's reference number begins with."""
        return {"shopify": f"#{self.number}", "woocommerce": f"{self.number}", "standard": f"SO-{self.number}"}[
            self.source
        ]

    @property
    def business_key(self) -> str:
        """How the ledger names the document."""
        prefix = "deal-" if self.source == "standard" else ""
        return f"{self.source}/invoice/order:{prefix}{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expense:
    """One expense; its description holds its reference."""

    source: str
    number: int
    amount: Decimal
    currency_code: str
    vendor: str | None = None
    version: int = 1

    @property
    def total(self) -> Decimal:
        """What was paid."""
        return self.amount

    @property
    def reference(self) -> str:
        """A word of the document's description."""
        return f"X{self.number}"

    @property
    def business_key(self) -> str:
        """How the ledger names the document."""
        once_per = f"command:T0BOOKHOOK:{self.number}.1" if self.source == "slack" else f"expense:exp-{self.number}"
        return f"{self.source}/expense/{once_per}"


def request_for(thing: Order | Expense, sandbox_url: str) -> Example:
    """The request a sender would make of this version, unsigned; answers to Slack go to the sandbox."""
    if isinstance(thing, Order):
        return {"shopify": _shopify, "woocommerce": _woocommerce, "standard": _standard_order}[thing.source](thing)
    return _slack(thing, sandbox_url) if thing.source == "slack" else _standard_expense(thing)


def _shopify(order: Order) -> Example:
    template = template_of("shopify/paid_order")
    body = _template(template)
    customer = {**body["customer"], "id": order.person.customer_id or 0, **_shopify_name(order.person)}
    customer["email"] = order.person.email
    body |= {
        "id": order.number,
        "name": order.reference,
        "email": order.person.email,
        "contact_email": order.person.email,
        "phone": None,
        "currency": order.currency_code,
        "note": None,
        "total_price": str(order.total),
        "updated_at": f"2026-03-14T10:{order.version % 60:02}:09-04:00",
        "customer": customer if order.person.customer_id else None,
        "billing_address": {**body["billing_address"], **_shopify_name(order.person)},
        "line_items": [_shopify_line(body["line_items"][0], item) for item in order.items],
        "shipping_lines": [],
    }
    identity = f"{order.number:08x}-{order.version:04x}-4b7e-8a52-5d0f6c1e0001"
    return _made(template, body, {"X-Shopify-Event-Id": identity, "X-Shopify-Webhook-Id": f"w-{identity}"})


def _shopify_name(person: Person) -> Body:
    return {"first_name": person.first_name, "last_name": person.last_name, "company": None, "phone": None}


def _shopify_line(template: Body, item: Item) -> Body:
    title, rate = TAXES["shopify"]
    tax = {"price": str(item.tax("shopify")), "rate": rate / 100, "title": title}
    return template | {
        "title": item.title,
        "price": str(item.price),
        "quantity": item.quantity,
        "sku": None,
        "discount_allocations": [{"amount": str(item.discount)}] if item.discount else [],
        "tax_lines": [tax] if item.is_taxed else [],
    }


def _woocommerce(order: Order) -> Example:
    template = template_of("woocommerce/paid_order")
    body = _template(template)
    person = order.person
    named = {"first_name": person.first_name, "last_name": person.last_name, "company": ""}
    body |= {
        "id": order.number,
        "number": order.reference,
        "status": "processing" if order.is_paid else "pending",
        "currency": order.currency_code,
        "date_modified": f"2026-03-14T10:{order.version % 60:02}:10",
        "total": str(order.total),
        "customer_id": person.customer_id or 0,
        "billing": body["billing"] | named | {"email": person.email or "", "phone": ""},
        "line_items": [_woocommerce_line(body["line_items"][0], item) for item in order.items],
        "shipping_lines": [],
        "coupon_lines": [],
    }
    return _made(template, body, {"X-WC-Webhook-Delivery-ID": f"{order.number:024x}{order.version:08x}"})


def _woocommerce_line(template: Body, item: Item) -> Body:
    rate = TAXES["woocommerce"][1]
    tax = {"id": 75, "total": str(item.net * rate / 100), "subtotal": str(item.gross * rate / 100)}
    return template | {
        "name": item.title,
        "quantity": item.quantity,
        "sku": "",
        "subtotal": str(item.gross),
        "total": str(item.net),
        "total_tax": str(item.tax("woocommerce")),
        "taxes": [tax] if item.is_taxed else [],
    }


def _standard_order(order: Order) -> Example:
    person = order.person
    customer = {"name": person.name, "email": person.email, "id": person.customer_id and f"crm-{person.customer_id}"}
    body = {
        "type": "order.completed",
        "timestamp": f"2026-03-14T14:21:09.{order.version:03}Z",
        "data": {
            "id": f"deal-{order.number}",
            "number": order.reference,
            "date": "2026-03-14",
            "currency": order.currency_code,
            "customer": {name: value for name, value in customer.items() if value},
            "lines": [_standard_line(item) for item in order.items],
            "total": str(order.total),
        },
    }
    return _made(template_of("standard/order"), body, {"webhook-id": f"msg_order_{order.number}_{order.version}"})


def _standard_line(item: Item) -> Body:
    name, rate = TAXES["standard"]
    line: Body = {"name": item.title, "quantity": item.quantity, "unit_price": str(item.price)}
    if item.discount:
        line["discount"] = str(item.discount)
    if item.is_taxed:
        line["taxes"] = [{"name": name, "rate": str(rate), "amount": str(item.tax("standard"))}]
    return line


def _standard_expense(expense: Expense) -> Example:
    data = {
        "id": f"exp-{expense.number}",
        "date": "2026-03-13",
        "amount": str(expense.amount),
        "currency": expense.currency_code,
        "category": "travel",
        "description": f"Taxi {expense.reference}",
        **({"vendor": expense.vendor} if expense.vendor else {}),
    }
    body = {"type": "expense.submitted", "timestamp": f"2026-03-14T17:45:00.{expense.version:03}Z", "data": data}
    return _made(
        template_of("standard/expense"), body, {"webhook-id": f"msg_expense_{expense.number}_{expense.version}"}
    )


def _slack(expense: Expense, sandbox_url: str) -> Example:
    template = template_of("slack/expense")
    fields = dict(parse_qsl(template.body.decode())) | {
        "text": f"{expense.amount} {expense.currency_code} meals lunch {expense.reference}",
        "trigger_id": f"{expense.number}.1",
        "response_url": f"{sandbox_url}/_sandbox/slack/{expense.number}",
    }
    return Example("slack", expense.reference, urlencode(fields).encode(), template.headers, {})


def _template(template: Example) -> Body:
    body: Body = json.loads(template.body, parse_float=Decimal)
    return body


def _made(template: Example, body: Body, headers: Mapping[str, str]) -> Example:
    return Example(template.source, template.case, compact(body).encode(), {**template.headers, **headers}, {})

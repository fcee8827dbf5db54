"""What is bought, spent, paid and refunded, and by whom. No I/O.

Totals are computed here, line by line, as the shops do it, and with no code of Bookhook's.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

CENT = Decimal("0.01")
# Each source's tax, by the name it has in the sandbox.
TAXES = {
    "shopify": ("State Tax", Decimal(6)),
    "woocommerce": ("Sales Tax", Decimal("8.25")),
    "standard": ("VAT", Decimal(20)),
}


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
    def name(self) -> str:
        """What the order is called beside its connection."""
        return f"order:{'deal-' if self.source == 'standard' else ''}{self.number}"

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
        return f"{self.source}/invoice/{self.name}"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happened to an order later: money came in, went back, or all of it was cancelled."""

    order: Order
    what: Literal["payment", "refund", "cancel"]
    number: int = 0
    amount: Decimal = Decimal(0)

    @property
    def source(self) -> str:
        """The order's shop."""
        return self.order.source

    @property
    def reference(self) -> str:
        """What people call it."""
        return f"{self.what} {self.number} of {self.order.reference}"

    @property
    def version(self) -> int:
        """Later than every version of the order itself."""
        return 50

    @property
    def business_key(self) -> str:
        """How the ledger names the document, if it becomes one of its own."""
        if self.what == "cancel":
            return f"{self.source}/credit_note/cancel:{self.order.name}"
        kind = {"payment": "payment", "refund": "credit_note"}[self.what]
        return f"{self.source}/{kind}/{self.what}:{self.number}"


Thing = Order | Expense | Change

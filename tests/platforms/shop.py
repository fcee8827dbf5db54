"""What the models of the platforms share: currencies, the organization's taxes, rounding, webhooks, running figures.

The models know how a platform computes and what it sends; they know nothing of mappings or of Zoho.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from mappings import Example

DECIMALS = {"USD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "KWD": 3}
PERCENT = {
    "State Tax": Decimal(6),
    "County Tax": Decimal(2),
    "Sales Tax": Decimal("8.25"),
    "VAT": Decimal(20),
    "VAT 19%": Decimal(19),
    "VAT 7%": Decimal(7),
    "GST": Decimal(5),
}
CHARGED: tuple[tuple[str, ...], ...] = ((), *((name,) for name in PERCENT), ("State Tax", "County Tax"))
"""The combinations of taxes a line may carry: each is a tax or a tax group of the organization."""

DAY = "2026-03-14"
ZERO = Decimal(0)


@dataclass(frozen=True)
class Coin:
    """A currency and how amounts are written in it."""

    code: str

    @property
    def decimals(self) -> int:
        return DECIMALS[self.code]

    @property
    def smallest(self) -> Decimal:
        """Its smallest unit."""
        return Decimal(1).scaleb(-self.decimals)

    def rounded(self, amount: Decimal, rounding: str = ROUND_HALF_UP) -> Decimal:
        return amount.quantize(self.smallest, rounding)

    def text(self, amount: Decimal) -> str:
        """The amount as a shop writes it."""
        return f"{self.rounded(amount):f}"

    def price(self, draw: Random, most: int = 30000) -> Decimal:
        """A price above zero, in whole units of a currency without decimals."""
        whole = Decimal(draw.randint(1, most)) / 100
        return max(self.rounded(whole), self.smallest)


@dataclass(frozen=True)
class Webhook:
    """One delivery, not signed yet."""

    source: str
    topic: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def example(self, case: str = "drawn") -> Example:
        """The delivery as tests send it."""
        headers = {"Content-Type": "application/json", **self.headers}
        return Example(self.source, case, json.dumps(self.body).encode(), headers, {"topic": self.topic})


@dataclass(frozen=True)
class Figures:
    """What the platform says of one order in the end; the books must say the same.

    `charged` is what the order comes to (invoices less credit notes), `paid` what was received for it (payments),
    `paid_back` what went back (refunds of credit notes).
    """

    currency_code: str
    charged: Decimal
    paid: Decimal
    paid_back: Decimal

    @property
    def owed(self) -> Decimal:
        """What the customer owes; below zero: what is due to the customer."""
        return self.charged - self.paid + self.paid_back


def spread(amount: Decimal, weights: Sequence[Decimal], coin: Coin) -> list[Decimal]:
    """The amount in proportion to the weights, what is left by rounding on the last of them."""
    whole = sum(weights, ZERO)
    if not whole:
        return [ZERO for _ in weights]
    shares = [coin.rounded(amount * weight / whole) for weight in weights[:-1]]
    return [*shares, amount - sum(shares, ZERO)]


def chance(draw: Random, share: float) -> bool:
    """True in this share of the cases."""
    return draw.random() < share

"""Bookhook's own JSON as a careful sender computes it: taxes rounded by line and tax, half up or half even.

docs/standard-sender.md; the shape is mappings/sources/standard/schema.json.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from tests.platforms.shop import CHARGED, DAY, DECIMALS, PERCENT, ZERO, Coin, Figures, Webhook, chance

Json = dict[str, Any]
QUANTITIES = ("1", "1", "2", "5", "0.125", "0.75", "2.5")
KINDS = ("shipping", "fee", "tip", "duty", "gift_card")


@dataclass
class Line:
    """A line of the JSON."""

    name: str
    quantity: Decimal
    unit_price: Decimal
    kind: str | None = None
    discount: Decimal = ZERO
    taxes: tuple[str, ...] = ()


@dataclass
class Order:
    """An order as the sender keeps it."""

    id: int
    coin: Coin
    prices_include_tax: bool
    rounding: str
    lines: list[Line]
    cash: Decimal = ZERO
    version: int = 0

    def amount(self, line: Line) -> Decimal:
        """The line after its discount."""
        return self.coin.rounded(line.quantity * line.unit_price, self.rounding) - line.discount

    def taxes(self, line: Line) -> dict[str, Decimal]:
        """Each tax of the line, on the amount or in it."""
        whole = 100 + sum((PERCENT[name] for name in line.taxes), ZERO) if self.prices_include_tax else Decimal(100)
        return {
            name: self.coin.rounded(self.amount(line) * PERCENT[name] / whole, self.rounding) for name in line.taxes
        }

    @property
    def total(self) -> Decimal:
        taxes = ZERO if self.prices_include_tax else sum((sum(self.taxes(each).values()) for each in self.lines), ZERO)
        return sum((self.amount(each) for each in self.lines), ZERO) + taxes + self.cash


def draw_order(draw: Random, number: int = 1) -> Order:
    """A well-formed order."""
    coin = Coin(draw.choice(list(DECIMALS)))
    order = Order(
        id=number,
        coin=coin,
        prices_include_tax=chance(draw, 0.5),
        rounding=draw.choice([ROUND_HALF_UP, ROUND_HALF_UP, ROUND_HALF_EVEN]),
        lines=[_draw_line(draw, coin, index) for index in range(draw.randint(1, 6))],
    )
    for kind in KINDS:
        if chance(draw, 0.1):
            taxes = () if kind == "gift_card" else draw.choice(CHARGED)
            order.lines.append(Line(kind, Decimal(1), coin.price(draw, 3000), kind, taxes=taxes))
    _discount(draw, order)
    if chance(draw, 0.1):
        order.cash = max(coin.smallest * draw.randint(-2, 2), -order.total)
    return order


def _draw_line(draw: Random, coin: Coin, index: int) -> Line:
    quantity = Decimal(draw.choice(QUANTITIES))
    return Line(f"Hour {index}", quantity, coin.price(draw), taxes=draw.choice(CHARGED))


def _discount(draw: Random, order: Order) -> None:
    """A discount in percent on every line, or one line that takes something off."""
    percent = draw.choice([0, 0, 0, 10, 33, 100])
    for line in order.lines:
        off = order.coin.rounded(order.amount(line) * percent / 100)
        line.discount = off if order.coin.decimals else min(off, (line.quantity * line.unit_price) // 1)
    if chance(draw, 0.15) and order.total > 0:
        credit = min(order.coin.price(draw, 2000), order.coin.rounded(order.total / 4))
        if credit:
            order.lines.append(Line("Store credit", Decimal(1), -credit, "fee"))


@dataclass
class Life:
    """The life of one order, as the webhooks it sends; each step gives those, in the order they happen."""

    draw: Random
    number: int = 1
    order: Order = field(init=False)
    payments: list[Decimal] = field(default_factory=list)
    refunds: list[tuple[Decimal, Decimal]] = field(default_factory=list)
    is_cancelled: bool = False

    def __post_init__(self) -> None:
        self.order = draw_order(self.draw, self.number)

    @property
    def paid(self) -> Decimal:
        return sum(self.payments, ZERO)

    @property
    def figures(self) -> Figures:
        credited = sum((amount for amount, _ in self.refunds), ZERO)
        charged = ZERO if self.is_cancelled else self.order.total - credited
        paid_back = sum((amount for _, amount in self.refunds), ZERO)
        return Figures(self.order.coin.code, charged, self.paid, paid_back)

    def create(self) -> list[Webhook]:
        return [self._webhook("order.completed", order_body(self.order))]

    def pay(self) -> list[Webhook]:
        """All that is owed is paid."""
        return self._receive(self.figures.owed)

    def pay_part(self) -> list[Webhook]:
        """Some of what is owed is paid."""
        return self._receive(self.order.coin.rounded(self.figures.owed / 3))

    def edit(self) -> list[Webhook]:
        """One more line is put on the order."""
        self.order.lines.append(_draw_line(self.draw, self.order.coin, len(self.order.lines)))
        return self.touch()

    def touch(self) -> list[Webhook]:
        self.order.version += 1
        return [self._webhook("order.updated", order_body(self.order))]

    def refund_amount(self) -> list[Webhook]:
        """An amount is credited; what of it was paid goes back, the rest is owed no more."""
        amount = min(self.figures.charged, self.order.coin.price(self.draw, 2000))
        if amount <= 0:
            return []
        self.refunds.append((amount, min(amount, max(ZERO, -(self.figures.owed - amount)))))
        return [self._webhook("refund.created", self._refund())]

    def cancel(self) -> list[Webhook]:
        self.is_cancelled = True
        body = {"order_id": self.order.id, "date": DAY, "reason": "customer"}
        return [self._webhook("order.cancelled", body)]

    def _receive(self, amount: Decimal) -> list[Webhook]:
        if amount <= 0:
            return []
        self.payments.append(amount)
        body = {"id": f"{self.order.id}-{len(self.payments)}", "order_id": self.order.id, "date": DAY}
        money = {"amount": self.order.coin.text(amount), "currency": self.order.coin.code, "method": "card"}
        return [self._webhook("payment.received", body | money)]

    def _refund(self) -> Json:
        amount, paid_back = (self.order.coin.text(each) for each in self.refunds[-1])
        body = {"id": f"{self.order.id}-{len(self.refunds)}", "order_id": self.order.id, "date": DAY}
        return body | {"amount": amount, "paid_back": paid_back, "currency": self.order.coin.code}

    def _webhook(self, topic: str, data: Json) -> Webhook:
        return Webhook("standard", topic, {"type": topic, "data": data})


def order_body(order: Order) -> Json:
    """The order as `order.completed` and `order.updated` hold it."""
    minute = order.version
    return {
        "id": order.id,
        "number": f"S-{order.id}",
        "date": DAY,
        "updated_at": f"{DAY}T{10 + minute // 60:02}:{minute % 60:02}:00Z",
        "currency": order.coin.code,
        "prices_include_tax": order.prices_include_tax,
        "customer": {"id": f"c{order.id}", "name": "Ada Okafor", "email": f"ada{order.id}@example.com"},
        "lines": [_line(order, line) for line in order.lines],
        "rounding": order.coin.text(order.cash),
        "total": order.coin.text(order.total),
    }


def _line(order: Order, line: Line) -> Json:
    taxes = order.taxes(line).items()
    return {
        "name": line.name,
        "quantity": str(line.quantity),
        "unit_price": order.coin.text(line.unit_price),
        "kind": line.kind,
        "discount": order.coin.text(line.discount) if line.discount else None,
        "taxes": [{"name": name, "amount": order.coin.text(amount)} for name, amount in taxes],
    }


def draw_paid(draw: Random, number: int) -> tuple[Webhook, Decimal]:
    """A paid order as `order.completed` sends it, and its total."""
    order = draw_order(draw, number)
    payment = {"id": f"{number}-1", "date": DAY, "amount": order.coin.text(order.total), "method": "card"}
    body = {"type": "order.completed", "data": order_body(order) | {"payments": [payment]}}
    return Webhook("standard", "order.completed", body), order.total

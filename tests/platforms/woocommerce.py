"""How WooCommerce computes an order and what it sends of it (abstract-wc-order.php, class-wc-cart-totals.php).

Every amount of the JSON is net of tax, its tax beside it. Net amounts are rounded half up. Each tax of a line is
rounded by itself, half down where prices include tax, so that net and tax give the price again. Shops that round at
the subtotal round nothing but the sums, and send every line rounded. taxes[].total is never rounded.
https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from tests.platforms.shop import CHARGED, DAY, DECIMALS, PERCENT, ZERO, Coin, Figures, Webhook, chance

Json = dict[str, Any]
RATE_IDS = {name: 70 + index for index, name in enumerate(PERCENT)}
QUANTITIES = ("1", "1", "2", "3", "7", "0.125", "0.5", "1.5", "2.25")
PAID = ("processing", "completed", "refunded")


@dataclass
class Row:
    """A line, a fee or the shipping, as prices are entered in the shop: with tax or without."""

    id: int
    name: str
    price: Decimal
    quantity: Decimal = Decimal(1)
    off: Decimal = ZERO
    taxes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Amounts:
    """A net amount and its taxes, rounded or not as the shop does it."""

    net: Decimal
    taxes: dict[str, Decimal]

    @property
    def tax(self) -> Decimal:
        return sum(self.taxes.values(), ZERO)


@dataclass
class Order:
    """An order as the shop keeps it."""

    id: int
    coin: Coin
    prices_include_tax: bool
    round_at_subtotal: bool
    lines: list[Row]
    fees: list[Row]
    shipping: list[Row]
    method: str = "stripe"
    status: str = "pending"
    date_paid: str | None = None
    version: int = 0
    refunds: list[tuple[int, Decimal]] = field(default_factory=list)

    @property
    def half(self) -> str:
        """How taxes are rounded: wc_get_tax_rounding_mode."""
        return ROUND_HALF_DOWN if self.prices_include_tax else ROUND_HALF_UP

    def tax_of(self, amount: Decimal, names: tuple[str, ...]) -> dict[str, Decimal]:
        """Each tax on a net amount, or in one with tax; unrounded."""
        whole = 100 + sum((PERCENT[name] for name in names), ZERO) if self.prices_include_tax else Decimal(100)
        return {name: amount * PERCENT[name] / whole for name in names}

    def split(self, amount: Decimal, names: tuple[str, ...]) -> Amounts:
        """Net and taxes of an amount as entered, rounded unless the shop rounds at the subtotal."""
        taxes = self.tax_of(amount, names)
        net = amount - sum(taxes.values(), ZERO) if self.prices_include_tax else amount
        if self.round_at_subtotal:
            return Amounts(net, taxes)
        rounded = {name: self.coin.rounded(tax, self.half) for name, tax in taxes.items()}
        return Amounts(self.coin.rounded(net), rounded)

    def before(self, row: Row) -> Amounts:
        """A line before coupons."""
        return self.split(row.price * row.quantity, row.taxes)

    def after(self, row: Row) -> Amounts:
        """A line after coupons."""
        return self.split(row.price * row.quantity - row.off, row.taxes)

    def beside(self, row: Row) -> Amounts:
        """Shipping, whose cost is entered without tax, and whose taxes come on top."""
        taxes = {name: self.coin.rounded(row.price * PERCENT[name] / 100, self.half) for name in row.taxes}
        return Amounts(self.coin.rounded(row.price), taxes)

    @property
    def total(self) -> Decimal:
        """round(lines + fees + shipping + cart_tax + shipping_tax)."""
        cart = [self.after(row) for row in self.lines] + [self.fee(row) for row in self.fees]
        shipping = [self.beside(row) for row in self.shipping]
        nets = sum((each.net for each in [*cart, *shipping]), ZERO)
        taxes = sum((self.coin.rounded(tax, self.half) for tax in self._by_rate(cart).values()), ZERO)
        return self.coin.rounded(nets + taxes + sum((each.tax for each in shipping), ZERO))

    def fee(self, row: Row) -> Amounts:
        """A fee is entered without tax; below zero it takes tax off as well."""
        taxes = {name: row.price * PERCENT[name] / 100 for name in row.taxes}
        if self.round_at_subtotal:
            return Amounts(row.price, taxes)
        return Amounts(row.price, {name: self.coin.rounded(tax, self.half) for name, tax in taxes.items()})

    def _by_rate(self, rows: list[Amounts]) -> dict[str, Decimal]:
        return {name: sum((each.taxes.get(name, ZERO) for each in rows), ZERO) for name in PERCENT}

    def names(self) -> list[str]:
        rows = [*self.lines, *self.fees, *self.shipping]
        return [name for name in PERCENT if any(name in row.taxes for row in rows)]


def draw_order(draw: Random, number: int = 1) -> Order:
    """A well-formed order; one in ten shops rounds at the subtotal."""
    coin = Coin(draw.choice(list(DECIMALS)))
    taxes = draw.choice(CHARGED)
    order = Order(
        id=number,
        coin=coin,
        prices_include_tax=chance(draw, 0.5),
        round_at_subtotal=chance(draw, 0.1),
        lines=[_draw_line(draw, coin, index, taxes) for index in range(draw.randint(1, 6))],
        fees=[],
        shipping=[_draw_shipping(draw, coin, taxes)] if chance(draw, 0.7) else [],
        method=draw.choice(["stripe", "bacs", "cod", "paypal"]),
    )
    _give_coupon(draw, order)
    _add_fees(draw, order)
    return order


def _draw_line(draw: Random, coin: Coin, index: int, taxes: tuple[str, ...]) -> Row:
    chosen = taxes if chance(draw, 0.8) else draw.choice(CHARGED)
    return Row(300 + index, f"Mug &ndash; {index}", coin.price(draw), Decimal(draw.choice(QUANTITIES)), taxes=chosen)


def _draw_shipping(draw: Random, coin: Coin, taxes: tuple[str, ...]) -> Row:
    return Row(400, "Flat rate", coin.rounded(Decimal(draw.choice([0, 499, 725, 833, 1000])) / 100), taxes=taxes)


def _give_coupon(draw: Random, order: Order) -> None:
    percent = draw.choice([0, 0, 0, 10, 15, 33, 100])
    for row in order.lines:
        whole = row.price * row.quantity
        row.off = min(whole, order.coin.rounded(whole * percent / 100))


def _add_fees(draw: Random, order: Order) -> None:
    if chance(draw, 0.2):
        order.fees.append(Row(500, "Gift wrap", order.coin.price(draw, 900), taxes=draw.choice(CHARGED)))
    if chance(draw, 0.15) and order.total > 0:
        most = order.coin.rounded(order.total / 3)
        credit = min(most, order.coin.price(draw, 2000))
        order.fees.append(Row(501, "Store credit", -credit, taxes=draw.choice(((), *CHARGED))))


class Life:
    """The life of one order, as the webhooks it sends; each step gives those, in the order they happen."""

    def __init__(self, draw: Random, number: int = 1) -> None:
        self.draw = draw
        self.order = draw_order(draw, number)
        self.was_invoiced = False

    @property
    def paid_back(self) -> Decimal:
        return sum((amount for _, amount in self.order.refunds), ZERO) if self.order.date_paid else ZERO

    @property
    def figures(self) -> Figures:
        refunded = sum((amount for _, amount in self.order.refunds), ZERO)
        is_off = self.order.status in ("cancelled", "failed", "pending")
        charged = ZERO if is_off else self.order.total - refunded
        paid = self.order.total if self.order.date_paid else ZERO
        return Figures(self.order.coin.code, charged, paid, self.paid_back)

    def create(self) -> list[Webhook]:
        """The order is placed and not paid yet."""
        return [self._webhook("order.created")]

    def pay(self) -> list[Webhook]:
        """The order is paid; cash on delivery is under way before it is."""
        if self.order.method != "cod" or self.order.status == "processing":
            self.order.date_paid = f"{DAY}T10:21:09"
        return self._become("completed" if self.order.status == "processing" else "processing")

    def touch(self) -> list[Webhook]:
        return self._become(self.order.status)

    def edit(self) -> list[Webhook]:
        """One more line is put on the order."""
        self.order.lines.append(_draw_line(self.draw, self.order.coin, len(self.order.lines), ()))
        return self._become(self.order.status)

    def refund_amount(self) -> list[Webhook]:
        """An amount goes back; the whole rest makes the order refunded."""
        left = self.figures.charged
        if left <= 0 or not self.order.date_paid:
            return []
        amount = left if chance(self.draw, 0.3) else min(left, self.order.coin.price(self.draw, 1000))
        self.order.refunds.append((self.order.id * 1000 + len(self.order.refunds), amount))
        return self._become("refunded" if amount == left else self.order.status)

    def cancel(self) -> list[Webhook]:
        return self._become("cancelled")

    def _become(self, status: str) -> list[Webhook]:
        self.order.status = status
        return [self._webhook("order.updated")]

    def _webhook(self, topic: str) -> Webhook:
        self.order.version += 1
        headers = {"X-WC-Webhook-Topic": topic, "X-WC-Webhook-Resource": "order"}
        return Webhook("woocommerce", topic, order_body(self.order), headers)


def order_body(order: Order) -> Json:
    """The order's JSON."""
    time = f"{10 + order.version // 60:02}:{order.version % 60:02}:00"
    return {
        "id": order.id,
        "number": str(order.id),
        "status": order.status,
        "currency": order.coin.code,
        "prices_include_tax": order.prices_include_tax,
        "date_created": f"{DAY}T10:00:00",
        "date_modified": f"{DAY}T{time}",
        "date_modified_gmt": f"{DAY}T{time}",
        "date_paid": order.date_paid,
        "date_paid_gmt": order.date_paid,
        "customer_id": 26,
        "customer_note": "",
        "payment_method": order.method,
        "transaction_id": "",
        "billing": {"first_name": "Rosa", "last_name": "O&#039;Neill", "email": f"rosa{order.id}@example.com"},
        "line_items": [_line(order, row) for row in order.lines],
        "shipping_lines": [_beside(order, row, "method_title", order.beside) for row in order.shipping],
        "fee_lines": [_beside(order, row, "name", order.fee) for row in order.fees],
        "tax_lines": [
            {"rate_id": RATE_IDS[name], "label": name, "rate_percent": float(PERCENT[name]), "compound": False}
            for name in order.names()
        ],
        "refunds": [
            {"id": refund_id, "reason": "", "total": order.coin.text(-amount)} for refund_id, amount in order.refunds
        ],
        "total": order.coin.text(order.total),
    }


def _line(order: Order, row: Row) -> Json:
    before, after = order.before(row), order.after(row)
    return {
        "id": row.id,
        "name": row.name,
        "sku": "",
        "quantity": float(row.quantity),
        "subtotal": order.coin.text(before.net),
        "subtotal_tax": _tax_text(order, before),
        "total": order.coin.text(after.net),
        "total_tax": _tax_text(order, after),
        "taxes": _taxes(order.tax_of(row.price * row.quantity - row.off, row.taxes)),
        "price": float(after.net / row.quantity),
    }


def _tax_text(order: Order, amounts: Amounts) -> str:
    """A line's tax as it is sent: each rounded half up or half down, unless only their sum is."""
    return order.coin.text(order.coin.rounded(amounts.tax, order.half))


def _beside(order: Order, row: Row, label: str, amounts_of: Callable[[Row], Amounts]) -> Json:
    amounts = amounts_of(row)
    return {
        "id": row.id,
        label: row.name,
        "total": order.coin.text(amounts.net),
        "total_tax": _tax_text(order, amounts),
        "taxes": _taxes({name: row.price * PERCENT[name] / 100 for name in row.taxes}),
    }


def _taxes(unrounded: dict[str, Decimal]) -> list[Json]:
    """Taxes with six decimals: the shop rounds them only where it sums."""
    return [
        {"id": RATE_IDS[name], "total": f"{tax:.6f}" if tax else "0", "subtotal": ""} for name, tax in unrounded.items()
    ]


def draw_paid(draw: Random, number: int) -> tuple[Webhook, Decimal]:
    """A paid order as `order.updated` sends it, and its total."""
    order = draw_order(draw, number)
    order.status, order.date_paid = draw.choice(["processing", "completed"]), f"{DAY}T10:21:09"
    return Webhook("woocommerce", "order.updated", order_body(order)), order.total

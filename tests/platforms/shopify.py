"""How Shopify computes an order and what it sends of it: the REST order, the refund, and their webhooks.

Each discount is allocated to lines, each tax of a line is rounded by itself and their sum is the order's tax; with
taxes included a tax is its share of the price. total_price is lines, shipping, duties, fees and tips less all
allocations, and the tax where it is not included. current_total_price is total_price less what all refunds are worth.
https://shopify.dev/docs/api/admin-rest/latest/resources/order
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from tests.platforms.shop import CHARGED, DAY, DECIMALS, PERCENT, ZERO, Coin, Webhook, chance, spread

Json = dict[str, Any]
GATEWAYS = (["shopify_payments"], ["manual"], ["paypal"], ["gift_card", "shopify_payments"], ["cash"])


@dataclass
class Row:
    """A line, a shipping line or a duty: what it costs before and after discounts, and its taxes."""

    id: int
    title: str
    price: Decimal
    quantity: int = 1
    allocations: list[Decimal] = field(default_factory=list)
    taxes: tuple[str, ...] = ()
    gift_card: bool = False
    duty: Decimal = ZERO
    returned: int = 0

    @property
    def whole(self) -> Decimal:
        return self.price * self.quantity

    @property
    def net(self) -> Decimal:
        """After discounts; with the tax where prices include it."""
        return self.whole - sum(self.allocations, ZERO)


@dataclass
class Order:
    """An order as the shop keeps it; `lines_total` and the rest are the platform's own figures."""

    id: int
    coin: Coin
    taxes_included: bool
    lines: list[Row]
    shipping: list[Row]
    tip: Decimal = ZERO
    tip_is_a_line: bool = False
    fee: Decimal = ZERO
    cash_rounding: Decimal = ZERO
    gateways: Sequence[str] = ("shopify_payments",)
    tax_rounding: str = ROUND_HALF_UP
    version: int = 0

    def tax(self, row: Row, name: str, amount: Decimal) -> Decimal:
        """One tax on an amount, or in it."""
        whole = 100 + sum((PERCENT[each] for each in row.taxes), ZERO) if self.taxes_included else Decimal(100)
        return self.coin.rounded(amount * PERCENT[name] / whole, self.tax_rounding)

    def taxes(self, row: Row) -> list[tuple[str, Decimal]]:
        """The taxes of a row and what each comes to."""
        return [(name, self.tax(row, name, row.net)) for name in row.taxes]

    def tax_total(self, row: Row) -> Decimal:
        return sum((amount for _, amount in self.taxes(row)), ZERO)

    def gross(self, row: Row) -> Decimal:
        """What the buyer pays for a row."""
        return row.net if self.taxes_included else row.net + self.tax_total(row)

    @property
    def rows(self) -> list[Row]:
        return [*self.lines, *self.shipping]

    @property
    def duties(self) -> Decimal:
        return sum((row.duty for row in self.lines), ZERO)

    @property
    def total(self) -> Decimal:
        """total_price."""
        return sum((self.gross(row) for row in self.rows), ZERO) + self.duties + self.fee + self.tip

    @property
    def due(self) -> Decimal:
        """All there is to pay, cash rounding included."""
        return self.total + self.cash_rounding


def draw_order(draw: Random, number: int = 1) -> Order:
    """A well-formed order."""
    coin = Coin(draw.choice(list(DECIMALS)))
    order = Order(
        id=5_900_000_000_000 + number,
        coin=coin,
        taxes_included=chance(draw, 0.5),
        lines=[draw_line(draw, coin, number * 100 + index) for index in range(draw.randint(1, 6))],
        shipping=[_draw_shipping(draw, coin, number)] if chance(draw, 0.8) else [],
        tip=coin.price(draw, 900) if chance(draw, 0.1) else ZERO,
        fee=coin.price(draw, 300) if chance(draw, 0.1) else ZERO,
        gateways=draw.choice(GATEWAYS),
        tax_rounding=ROUND_HALF_EVEN if chance(draw, 0.1) else ROUND_HALF_UP,  # a tax service has rules of its own
    )
    order.tip_is_a_line = bool(order.tip) and chance(draw, 0.5)
    _discount(draw, order)
    round_cash(order)
    return order


def draw_line(draw: Random, coin: Coin, line_id: int) -> Row:
    row = Row(15_000_000 + line_id, f"Thing {line_id}", coin.price(draw), draw.randint(1, 7))
    row.gift_card = chance(draw, 0.05)
    row.taxes = () if row.gift_card else draw.choice(CHARGED)
    row.duty = coin.price(draw, 2000) if chance(draw, 0.05) else ZERO
    if chance(draw, 0.2):
        row.allocations.append(min(coin.price(draw, 500), row.whole))
    return row


def _draw_shipping(draw: Random, coin: Coin, number: int) -> Row:
    price = ZERO if chance(draw, 0.2) else coin.price(draw, 2000)
    row = Row(41_000_000 + number, "Standard", price, taxes=draw.choice(CHARGED))
    if chance(draw, 0.3):
        row.allocations.append(price if chance(draw, 0.5) else coin.rounded(price / 3))
    return row


def _discount(draw: Random, order: Order) -> None:
    """A code on the whole order: a percentage of every line, or an amount across them."""
    percent = draw.choice([0, 0, 0, 0, 10, 15, 33, 100])
    if percent:
        for row in order.lines:
            row.allocations.append(order.coin.rounded(row.net * percent / 100))
    elif chance(draw, 0.15):
        nets = [row.net for row in order.lines]
        off = min(order.coin.price(draw, 1500), sum(nets, ZERO))
        for row, share in zip(order.lines, spread(off, nets, order.coin), strict=True):
            row.allocations.append(max(ZERO, min(share, row.net)))


def round_cash(order: Order) -> None:
    """Tills without small coins round what is to be paid to five hundredths."""
    if "cash" in order.gateways and order.coin.decimals == 2:
        fives = (order.total * 20).quantize(Decimal(1)) / 20
        order.cash_rounding = fives - order.total


def headers_of(topic: str) -> dict[str, str]:
    return {"X-Shopify-Topic": topic, "X-Shopify-Shop-Domain": "harbour-and-loom.myshopify.com"}


def order_body(order: Order) -> Json:
    """What an order says whatever became of it; paid, for a single webhook."""
    coin, minute = order.coin, order.version
    return {
        "id": order.id,
        "name": f"#{order.id % 100_000}",
        "created_at": f"{DAY}T10:00:00-04:00",
        "processed_at": f"{DAY}T10:00:00-04:00",
        "updated_at": f"{DAY}T{10 + minute // 60:02}:{minute % 60:02}:00-04:00",
        "test": False,
        "note": None,
        "email": f"buyer{order.id % 100_000}@example.com",
        "phone": None,
        "customer": {"id": 8_800_000 + order.id % 100_000, "first_name": "Mara", "last_name": "Lind"},
        "billing_address": None,
        "currency": coin.code,
        "presentment_currency": coin.code,
        "taxes_included": order.taxes_included,
        "duties_included": False,
        "financial_status": "paid",
        "payment_gateway_names": list(order.gateways),
        "cancelled_at": None,
        "cancel_reason": None,
        "line_items": [line_json(order, row) for row in order.lines] + _tip_line(order),
        "shipping_lines": [shipping_json(order, row) for row in order.shipping],
        "total_tip_received": coin.text(order.tip),
        "total_discounts": coin.text(sum((sum(row.allocations, ZERO) for row in order.lines), ZERO)),
        "total_tax": coin.text(sum((order.tax_total(row) for row in order.rows), ZERO)),
        "total_price": coin.text(order.total),
        "current_total_price": coin.text(order.total),
        "total_outstanding": coin.text(ZERO),
        "original_total_duties_set": money_set(coin, order.duties) if order.duties else None,
        "original_total_additional_fees_set": money_set(coin, order.fee) if order.fee else None,
        "total_cash_rounding_payment_adjustment_set": money_set(coin, order.cash_rounding),
        "total_cash_rounding_refund_adjustment_set": money_set(coin, ZERO),
        "refunds": [],
    }


def money_set(coin: Coin, amount: Decimal) -> Json:
    money = {"amount": coin.text(amount), "currency_code": coin.code}
    return {"shop_money": money, "presentment_money": dict(money)}


def line_json(order: Order, row: Row) -> Json:
    duty = {"harmonized_system_code": "520300", "tax_lines": [], **money_set(order.coin, row.duty)}
    return {
        **_priced(order, row),
        "quantity": row.quantity,
        "current_quantity": row.quantity - row.returned,
        "gift_card": row.gift_card,
        "sku": None,
        "variant_title": None,
        "total_discount": order.coin.text(ZERO),
        "duties": [duty] if row.duty else [],
    }


def _priced(order: Order, row: Row) -> Json:
    return {
        "id": row.id,
        "title": row.title,
        "price": order.coin.text(row.price),
        "discount_allocations": [{"amount": order.coin.text(each)} for each in row.allocations],
        "tax_lines": [
            {"title": name, "rate": float(PERCENT[name] / 100), "price": order.coin.text(amount)}
            for name, amount in order.taxes(row)
        ],
    }


def _tip_line(order: Order) -> list[Json]:
    """Some channels sell a tip as an article named Tip."""
    if not order.tip_is_a_line:
        return []
    return [line_json(order, Row(15_999_000, "Tip", order.tip))]


def shipping_json(order: Order, row: Row) -> Json:
    return {**_priced(order, row), "is_removed": False, "discounted_price": order.coin.text(row.net)}


def draw_paid(draw: Random, number: int) -> tuple[Webhook, Decimal]:
    """A paid order as `orders/paid` sends it, and what was to be paid."""
    order = draw_order(draw, number)
    return Webhook("shopify", "orders/paid", order_body(order), headers_of("orders/paid")), order.due

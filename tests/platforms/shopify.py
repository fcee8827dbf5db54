"""How Shopify computes an order and what it sends of it: the REST order, the refund, and their webhooks.

Each discount is allocated to lines, each tax of a line is rounded by itself and their sum is the order's tax; with
taxes included a tax is its share of the price. total_price is lines, shipping, duties, fees and tips less all
allocations, and the tax where it is not included. A refund is worth its lines less its adjustments: what was paid back
in excess has an adjustment below zero. current_total_price is total_price less what all refunds are worth.
https://shopify.dev/docs/api/admin-rest/latest/resources/order, …/refund
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from tests.platforms.shop import CHARGED, DAY, DECIMALS, PERCENT, ZERO, Coin, Figures, Webhook, chance, spread

Json = dict[str, Any]
CANCELLED_HOUR = 18
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
        lines=[_draw_line(draw, coin, number * 100 + index) for index in range(draw.randint(1, 6))],
        shipping=[_draw_shipping(draw, coin, number)] if chance(draw, 0.8) else [],
        tip=coin.price(draw, 900) if chance(draw, 0.1) else ZERO,
        fee=coin.price(draw, 300) if chance(draw, 0.1) else ZERO,
        gateways=draw.choice(GATEWAYS),
        tax_rounding=ROUND_HALF_EVEN if chance(draw, 0.1) else ROUND_HALF_UP,  # a tax service has rules of its own
    )
    order.tip_is_a_line = bool(order.tip) and chance(draw, 0.5)
    _discount(draw, order)
    _round_cash(order)
    return order


def _draw_line(draw: Random, coin: Coin, line_id: int) -> Row:
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


def _round_cash(order: Order) -> None:
    """Tills without small coins round what is to be paid to five hundredths."""
    if "cash" in order.gateways and order.coin.decimals == 2:
        fives = (order.total * 20).quantize(Decimal(1)) / 20
        order.cash_rounding = fives - order.total


@dataclass
class Refund:
    """A refund: `value` is what the order is worth less, `money` what was paid back."""

    id: int
    rows: list[tuple[Row, int, Decimal, Decimal]] = field(default_factory=list)
    shipping: tuple[Row, Decimal, Decimal] | None = None
    discrepancy: Decimal = ZERO
    money: Decimal = ZERO
    hour: int = 12


def value_of(order: Order, refund: Refund) -> Decimal:
    """What a refund takes off the order."""
    lines = sum((sub if order.taxes_included else sub + tax for _, _, sub, tax in refund.rows), ZERO)
    shipping = sum(refund.shipping[1:], ZERO) if refund.shipping else ZERO
    return lines + shipping - refund.discrepancy


class Life:
    """The life of one order, as the webhooks it sends; each step gives those, in the order they happen."""

    def __init__(self, draw: Random, number: int = 1) -> None:
        self.draw = draw
        self.order = draw_order(draw, number)
        self.refunds: list[Refund] = []
        self.paid = ZERO
        self.is_part = False
        self.is_cancelled = False

    @property
    def charged(self) -> Decimal:
        values = sum((value_of(self.order, refund) for refund in self.refunds), ZERO)
        return ZERO if self.is_cancelled else self.order.due - values

    @property
    def paid_back(self) -> Decimal:
        return sum((refund.money for refund in self.refunds), ZERO)

    @property
    def figures(self) -> Figures:
        return Figures(self.order.coin.code, self.charged, self.paid, self.paid_back)

    @property
    def status(self) -> str:
        """financial_status."""
        if not self.paid:
            return "voided" if self.is_cancelled else "pending"
        if self.paid_back:
            return "refunded" if self.paid_back == self.paid else "partially_refunded"
        return "partially_paid" if self.is_part else "paid"

    def create(self) -> list[Webhook]:
        return [self.webhook("orders/create")]

    def pay(self) -> list[Webhook]:
        """All that is owed is paid."""
        self.paid += max(ZERO, self.figures.owed)
        self.is_part = False
        return [self.webhook("orders/paid"), self.webhook("orders/updated")] if self.paid else []

    def pay_part(self) -> list[Webhook]:
        """Some of what is owed is paid."""
        self.paid += self.order.coin.rounded(max(ZERO, self.figures.owed) / 3)
        self.is_part = self.figures.owed > 0
        return self.touch()

    def edit(self) -> list[Webhook]:
        """One more line is put on the order."""
        line = _draw_line(self.draw, self.order.coin, self.order.id % 1000 * 100 + len(self.order.lines))
        self.order.lines.append(line)
        _round_cash(self.order)
        edit = {"id": 7_000 + self.order.version, "order_id": self.order.id, "line_items": {"additions": [{"id": 1}]}}
        return [Webhook("shopify", "orders/edited", {"order_edit": edit}, _headers("orders/edited")), *self.touch()]

    def touch(self) -> list[Webhook]:
        """Something without money changes, a tag or a note."""
        return [self.webhook("orders/updated")]

    def refund_lines(self) -> list[Webhook]:
        """Some pieces of a line go back, sometimes the shipping with them, sometimes less a fee kept."""
        refund = self._begin_refund()
        self._return_pieces(refund)
        if self.order.shipping and not any(each.shipping for each in self.refunds) and chance(self.draw, 0.3):
            self._return_shipping(refund)
        if chance(self.draw, 0.2):
            refund.discrepancy = self.order.coin.rounded(value_of(self.order, refund) / 10)
        return self._settle(refund)

    def refund_amount(self) -> list[Webhook]:
        """An amount goes back, whatever it is for."""
        refund = self._begin_refund()
        left = max(ZERO, self.charged)
        refund.discrepancy = -min(left, self.order.coin.price(self.draw, 1000))
        return self._settle(refund)

    def remove_pieces(self) -> list[Webhook]:
        """Some pieces are taken off an order that is not paid yet: a refund without money."""
        refund = self._begin_refund()
        self._return_pieces(refund)
        if self.paid or value_of(self.order, refund) <= 0:
            return []
        self.refunds.append(refund)
        return [self._told(refund), *self.touch()]

    def cancel(self) -> list[Webhook]:
        """The order is off; what was paid goes back at once, or later by `refund_amount`."""
        refunded = self._refund_everything() if self.paid and chance(self.draw, 0.7) else self._restock()
        self.is_cancelled = True
        return [*refunded[:1], self.webhook("orders/cancelled"), self.webhook("orders/updated")]

    def _refund_everything(self) -> list[Webhook]:
        refund = self._begin_refund()
        refund.discrepancy = -self.charged
        return self._settle(refund)

    def _restock(self) -> list[Webhook]:
        """Everything left goes back on the shelf; no money moves."""
        refund = self._begin_refund()
        refund.hour = CANCELLED_HOUR
        for row in self.order.lines:
            self._return_of(refund, row, row.quantity - row.returned)
        self.refunds.append(refund)
        return [self._told(refund)]

    def _told(self, refund: Refund) -> Webhook:
        return Webhook("shopify", "refunds/create", refund_body(self.order, refund), _headers("refunds/create"))

    def _begin_refund(self) -> Refund:
        return Refund(id=self.order.id % 100_000 * 100 + len(self.refunds))

    def _return_pieces(self, refund: Refund) -> None:
        for row in self.draw.sample(self.order.lines, len(self.order.lines)):
            left = row.quantity - row.returned
            if left and row.net:
                self._return_of(refund, row, self.draw.randint(1, left))
                return

    def _return_of(self, refund: Refund, row: Row, count: int) -> None:
        if count:
            amounts = (self._share(row, row.net, count), self._share(row, self.order.tax_total(row), count))
            refund.rows.append((row, count, *amounts))
            row.returned += count

    def _share(self, row: Row, amount: Decimal, count: int) -> Decimal:
        """What of an amount of the row falls to its next pieces; all pieces together are the whole of it."""

        def up_to(pieces: int) -> Decimal:
            return self.order.coin.rounded(amount * pieces / row.quantity)

        return up_to(row.returned + count) - up_to(row.returned)

    def _return_shipping(self, refund: Refund) -> None:
        [row] = self.order.shipping
        tax = self.order.tax_total(row)
        refund.shipping = (row, row.net - tax if self.order.taxes_included else row.net, tax)

    def _settle(self, refund: Refund) -> list[Webhook]:
        """Pays back what the refund is worth, as far as it was paid; nothing happens where it is worth nothing."""
        value = value_of(self.order, refund)
        left = self.paid - self.paid_back
        if value <= 0 or left <= 0:
            return []
        if value > left:
            refund.discrepancy += value - left
        refund.money = value_of(self.order, refund)
        self.refunds.append(refund)
        return [self._told(refund), *self.touch()]

    def webhook(self, topic: str) -> Webhook:
        """The order as it is now, under a topic."""
        self.order.version += 1
        return Webhook("shopify", topic, self.body(), _headers(topic))

    def body(self) -> Json:
        """The order's JSON."""
        text = self.order.coin.text
        values = sum((value_of(self.order, refund) for refund in self.refunds), ZERO)
        return order_body(self.order) | {
            "financial_status": self.status,
            "cancelled_at": f"{DAY}T{CANCELLED_HOUR}:00:00-04:00" if self.is_cancelled else None,
            "cancel_reason": "customer" if self.is_cancelled else None,
            "current_total_price": text(self.order.total - values),
            "total_outstanding": text(max(ZERO, self.figures.owed)),
            "refunds": [refund_body(self.order, refund) for refund in self.refunds],
        }


def _headers(topic: str) -> dict[str, str]:
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
        "line_items": [_line(order, row) for row in order.lines] + _tip_line(order),
        "shipping_lines": [_shipping_line(order, row) for row in order.shipping],
        "total_tip_received": coin.text(order.tip),
        "total_discounts": coin.text(sum((sum(row.allocations, ZERO) for row in order.lines), ZERO)),
        "total_tax": coin.text(sum((order.tax_total(row) for row in order.rows), ZERO)),
        "total_price": coin.text(order.total),
        "current_total_price": coin.text(order.total),
        "total_outstanding": coin.text(ZERO),
        "original_total_duties_set": _set(coin, order.duties) if order.duties else None,
        "original_total_additional_fees_set": _set(coin, order.fee) if order.fee else None,
        "total_cash_rounding_payment_adjustment_set": _set(coin, order.cash_rounding),
        "total_cash_rounding_refund_adjustment_set": _set(coin, ZERO),
        "refunds": [],
    }


def _set(coin: Coin, amount: Decimal) -> Json:
    money = {"amount": coin.text(amount), "currency_code": coin.code}
    return {"shop_money": money, "presentment_money": dict(money)}


def _line(order: Order, row: Row) -> Json:
    duty = {"harmonized_system_code": "520300", "tax_lines": [], **_set(order.coin, row.duty)}
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
    return [_line(order, Row(15_999_000, "Tip", order.tip))]


def _shipping_line(order: Order, row: Row) -> Json:
    return {**_priced(order, row), "is_removed": False, "discounted_price": order.coin.text(row.net)}


def refund_body(order: Order, refund: Refund) -> Json:
    """The refund as `refunds/create` sends it and as the order lists it."""
    return {
        "id": refund.id,
        "order_id": order.id,
        "created_at": f"{DAY}T{refund.hour}:00:00-04:00",
        "processed_at": f"{DAY}T{refund.hour}:00:00-04:00",
        "note": None,
        "refund_line_items": [_refunded_line(order, *row) for row in refund.rows],
        "refund_shipping_lines": _refunded_shipping(order, refund),
        "order_adjustments": _adjustments(order.coin, refund),
        "transactions": [_transaction(order, refund)] if refund.money else [],
        "duties": [],
        "total_duties_set": _set(order.coin, ZERO),
    }


def _refunded_line(order: Order, row: Row, count: int, subtotal: Decimal, tax: Decimal) -> Json:
    return {
        "id": row.id * 10 + row.returned,
        "line_item_id": row.id,
        "quantity": count,
        "restock_type": "return",
        "subtotal": float(subtotal),
        "total_tax": float(tax),
        "subtotal_set": _set(order.coin, subtotal),
        "total_tax_set": _set(order.coin, tax),
        "line_item": _line(order, row),
    }


def _refunded_shipping(order: Order, refund: Refund) -> list[Json]:
    if refund.shipping is None:
        return []
    row, net, tax = refund.shipping
    amounts = {"subtotal_amount_set": _set(order.coin, net), "tax_amount_set": _set(order.coin, tax)}
    return [{"id": row.id, "shipping_line_id": row.id, "shipping_line": _shipping_line(order, row), **amounts}]


def _adjustments(coin: Coin, refund: Refund) -> list[Json]:
    _, net, tax = refund.shipping or (None, ZERO, ZERO)
    found = [("shipping_refund", -net, -tax)] if refund.shipping else []
    found += [("refund_discrepancy", refund.discrepancy, ZERO)] if refund.discrepancy else []
    return [
        {
            "kind": kind,
            "amount": coin.text(amount),
            "tax_amount": coin.text(tax),
            "amount_set": _set(coin, amount),
            "tax_amount_set": _set(coin, tax),
        }
        for kind, amount, tax in found
    ]


def _transaction(order: Order, refund: Refund) -> Json:
    return {
        "id": refund.id * 10,
        "kind": "refund",
        "status": "success",
        "gateway": order.gateways[-1],
        "amount": order.coin.text(refund.money),
        "currency": order.coin.code,
    }


def draw_paid(draw: Random, number: int) -> tuple[Webhook, Decimal]:
    """A paid order as `orders/paid` sends it, and what was to be paid."""
    order = draw_order(draw, number)
    return Webhook("shopify", "orders/paid", order_body(order), _headers("orders/paid")), order.due

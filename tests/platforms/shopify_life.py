"""The life of a Shopify order: refunds, and the webhooks every step sends.

A refund is worth its lines less its adjustments: what was paid back in excess has an adjustment below zero.
https://shopify.dev/docs/api/admin-rest/latest/resources/refund
"""

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from tests.platforms.shop import DAY, ZERO, Coin, Figures, Webhook, chance
from tests.platforms.shopify import (
    Json,
    Order,
    Row,
    draw_line,
    draw_order,
    headers_of,
    line_json,
    money_set,
    order_body,
    round_cash,
    shipping_json,
)

CANCELLED_HOUR = 18


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
        line = draw_line(self.draw, self.order.coin, self.order.id % 1000 * 100 + len(self.order.lines))
        self.order.lines.append(line)
        round_cash(self.order)
        edit = {"id": 7_000 + self.order.version, "order_id": self.order.id, "line_items": {"additions": [{"id": 1}]}}
        return [Webhook("shopify", "orders/edited", {"order_edit": edit}, headers_of("orders/edited")), *self.touch()]

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
        return Webhook("shopify", "refunds/create", refund_body(self.order, refund), headers_of("refunds/create"))

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
        return Webhook("shopify", topic, self.body(), headers_of(topic))

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
        "total_duties_set": money_set(order.coin, ZERO),
    }


def _refunded_line(order: Order, row: Row, count: int, subtotal: Decimal, tax: Decimal) -> Json:
    return {
        "id": row.id * 10 + row.returned,
        "line_item_id": row.id,
        "quantity": count,
        "restock_type": "return",
        "subtotal": float(subtotal),
        "total_tax": float(tax),
        "subtotal_set": money_set(order.coin, subtotal),
        "total_tax_set": money_set(order.coin, tax),
        "line_item": line_json(order, row),
    }


def _refunded_shipping(order: Order, refund: Refund) -> list[Json]:
    if refund.shipping is None:
        return []
    row, net, tax = refund.shipping
    amounts = {"subtotal_amount_set": money_set(order.coin, net), "tax_amount_set": money_set(order.coin, tax)}
    return [{"id": row.id, "shipping_line_id": row.id, "shipping_line": shipping_json(order, row), **amounts}]


def _adjustments(coin: Coin, refund: Refund) -> list[Json]:
    _, net, tax = refund.shipping or (None, ZERO, ZERO)
    found = [("shipping_refund", -net, -tax)] if refund.shipping else []
    found += [("refund_discrepancy", refund.discrepancy, ZERO)] if refund.discrepancy else []
    return [
        {
            "kind": kind,
            "amount": coin.text(amount),
            "tax_amount": coin.text(tax),
            "amount_set": money_set(coin, amount),
            "tax_amount_set": money_set(coin, tax),
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

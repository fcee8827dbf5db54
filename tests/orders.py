"""One order of the standard sender as a test tells it, and what the books say of it."""

import itertools
import json
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tests.scene import Hooks, example

MODEL = example("standard/order")
ZERO = Decimal(0)
_numbers = itertools.count(1)


@dataclass
class Order:
    """Requests about one order; its price is over two lines."""

    hooks: Hooks
    order_id: str = field(default_factory=lambda: f"life-{next(_numbers)}")
    price: str = "100.00"

    def completed(self, **changes: Any) -> str:
        """The id of the event that the door makes of the order."""
        return self.tell("order.completed", self.content(**changes))

    def updated(self, **changes: Any) -> str:
        return self.tell("order.updated", self.content(**changes))

    def content(self, price: str | None = None, **changes: Any) -> dict[str, Any]:
        """The order as it stands."""
        total = Decimal(price or self.price)
        lines = [
            {"name": "Chair", "quantity": "1", "unit_price": f"{total - 10}"},
            {"name": "Delivery", "quantity": "1", "unit_price": "10.00"},
        ]
        order = {
            "id": self.order_id,
            "number": self.order_id,
            "date": "2026-03-14",
            "currency": "USD",
            "customer": {"email": f"{self.order_id}@example.com", "name": self.order_id},
            "lines": lines,
            "total": f"{total}",
        }
        return order | changes

    def paid(self, amount: str, payment_id: str = "1", **changes: Any) -> str:
        return self.tell("payment.received", self.about(f"p{payment_id}", amount, **changes))

    def refunded(self, amount: str, refund_id: str = "1", **changes: Any) -> str:
        return self.tell("refund.created", self.about(f"r{refund_id}", amount, **changes))

    def cancelled(self, **changes: Any) -> str:
        return self.tell("order.cancelled", {"order_id": self.order_id, "date": "2026-03-20"} | changes)

    def about(self, thing_id: str, amount: str, **changes: Any) -> dict[str, Any]:
        """Something of an amount that happened to the order."""
        told = {"id": f"{self.order_id}-{thing_id}", "order_id": self.order_id, "amount": amount}
        return told | {"currency": "USD", "date": "2026-03-15"} | changes

    def tell(self, kind: str, data: dict[str, Any]) -> str:
        body = json.dumps({"type": kind, "data": data}).encode()
        headers = {name: value for name, value in MODEL.headers.items() if name != "webhook-id"}
        answer = self.hooks.deliver(replace(MODEL, body=body, headers=headers))
        assert answer.status_code in (200, 202), answer.text
        event_id: str = answer.json["event_id"]
        return event_id


@dataclass(frozen=True)
class Figures:
    """What the books say of an order: what it is worth, what was received for it, and what is open either way."""

    net: Decimal
    cash: Decimal
    owed: Decimal
    credit: Decimal


def figures(records: dict[str, Any], order_id: str) -> Figures:
    """The order's figures, of all that stands in Zoho for its customer."""
    invoices = [each for each in records["invoices"] if _is_of(each, order_id) and each["status"] != "void"]
    credits = [each for each in records["creditnotes"] if _is_of(each, order_id)]
    payments = [each for each in records["customerpayments"] if _is_of(each, order_id)]
    refunds = [refund for note in credits for refund in note["refunds"]]
    return Figures(
        net=_sum(invoices, "total") - _sum(credits, "total"),
        cash=_sum(payments, "amount") - _sum(refunds, "amount_fcy"),
        owed=_sum(invoices, "balance"),
        credit=_sum(credits, "balance") + _sum(payments, "unused_amount"),
    )


def _is_of(record: dict[str, Any], order_id: str) -> bool:
    return bool(record["customer_name"].startswith(order_id))


def _sum(records: list[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(str(each[name])) for each in records), ZERO)

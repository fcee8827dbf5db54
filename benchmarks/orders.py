"""Orders as a shop sends them: the documented one of the Shopify folder, each with its own numbers and buyer."""

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from cli.examples import find_example, sign
from ledger.arrivals import Arrival
from ledger.ledger import Ledger
from mappings import BUILT_IN, load_sources

SOURCE = load_sources(BUILT_IN)["shopify"]
EXAMPLE = find_example({"shopify": SOURCE}, "shopify/paid_order")
ORDER: dict[str, Any] = json.loads(EXAMPLE.body)


@dataclass(frozen=True, slots=True)
class Request:
    """One delivery: what it is about, and its headers and body before it is signed."""

    order_id: int
    headers: dict[str, str]
    body: bytes

    def signed(self, secret: str, *, timestamp: float) -> dict[str, str]:
        """All headers, with the signature of the body."""
        example = EXAMPLE.__class__(SOURCE.name, "order", self.body, self.headers, {})
        return dict(sign(SOURCE, example, secret, timestamp=timestamp).headers)


@dataclass
class Orders:
    """Paid orders of so many buyers in turn, each order new."""

    buyers: int
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def next(self) -> Request:
        """The next order."""
        number = next(self.numbers)
        buyer = number % self.buyers
        email = f"buyer{buyer}@example.com"
        person = {"id": 7_000_000_000_000 + buyer, "email": email, "first_name": f"Buyer {buyer}"}
        customer = {**ORDER["customer"], **person}
        ids = {"id": 5_000_000_000_000 + number, "name": f"#{10_000 + number}", "order_number": 10_000 + number}
        body = json.dumps({**ORDER, **ids, "email": email, "customer": customer}, separators=(",", ":")).encode()
        headers = {**EXAMPLE.headers, "X-Shopify-Event-Id": f"98880550-7158-44d4-b7cd-{number:012d}"}
        return Request(ids["id"], headers, body)


def record(ledger: Ledger, request: Request) -> str:
    """The id of the event that is recorded of the order, as the door would."""
    arrival = Arrival(
        connection="shopify",
        source="shopify",
        organization="10000001",
        topic="orders/paid",
        delivery=request.headers["X-Shopify-Event-Id"],
        headers=request.headers,
        body=request.body,
        order=f"order:{request.order_id}",
    )
    return ledger.events.record(arrival).event_id

"""A sale: orders of a shop's regular, old and new customers, as its platform signs and sends them.

Of ten orders seven are of regular customers, who order again and again, two the only orders of customers who are in
Zoho from before, and one is of somebody new.
"""

import base64
import hashlib
import heapq
import hmac
import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import requests

from benchmarks.place import SHOPIFY_SECRET, Place
from mappings import BUILT_IN, Example, load_sources

KINDS = ("regular",) * 7 + ("old",) * 2 + ("new",)
ORDERS_OF_A_REGULAR = 5
# Shopify gives up after five seconds and sends again eight times in four hours, which are about these if each time is
# twice the last. They vary, as those of real senders do: exact minutes would fall in with Zoho's own.
SENDER_TIMEOUT_SECONDS = 5.0
REPEATS_AFTER_SECONDS = tuple(60.0 * 2**number for number in range(8))
LEAST_TIMES, MOST_TIMES = 0.75, 1.25
SENDERS = 32


@dataclass(frozen=True, slots=True)
class Order:
    """One order; `kind` says what sort of customer it is of."""

    number: int
    kind: str
    customer: str

    @property
    def email(self) -> str:
        """The customer's address."""
        return f"{self.customer}@example.com"

    @property
    def name(self) -> str:
        """The order's own name, the first word of its invoice's reference number."""
        return f"#{self.number}"


def make_orders(how_many: int) -> list[Order]:
    """The same orders in every run."""
    dice = random.Random(7)
    regulars = max(1, how_many * KINDS.count("regular") // (len(KINDS) * ORDERS_OF_A_REGULAR))
    kinds = [KINDS[number % len(KINDS)] for number in range(how_many)]
    dice.shuffle(kinds)
    return [
        Order(number, kind, f"regular{dice.randrange(regulars)}" if kind == "regular" else f"{kind}{number}")
        for number, kind in enumerate(kinds, 1)
    ]


class Shop:
    """Signs orders as Shopify does."""

    def __init__(self) -> None:
        examples: Sequence[Example] = load_sources(BUILT_IN)["shopify"].examples()
        [self._model] = [example for example in examples if example.case == "paid_order"]
        self._body = json.loads(self._model.body)
        self._headers = {name: value for name, value in self._model.headers.items() if "-Id" not in name}

    def request(self, order: Order) -> tuple[bytes, dict[str, str]]:
        """Body and headers."""
        person = {"id": order.number, "email": order.email, "first_name": order.customer, "last_name": "Lind"}
        told = {"id": order.number, "name": order.name, "email": order.email, "contact_email": order.email}
        body = json.dumps({**self._body, **told, "customer": {**self._body["customer"], **person}}).encode()
        digest = hmac.new(SHOPIFY_SECRET.encode(), body, hashlib.sha256).digest()
        return body, {**self._headers, "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode()}


def put_customers_into_zoho(place: Place, orders: Sequence[Order]) -> None:
    """Creates a contact for everybody who is not new."""
    grant = {"grant_type": "refresh_token", "client_id": "shop", "client_secret": "sandbox-secret"}
    with requests.Session() as session:
        token = session.post(
            f"{place.sandbox_url}/oauth/v2/token", data={**grant, "refresh_token": "sandbox-refresh"}, timeout=60
        ).json()["access_token"]
        for customer, email in {order.customer: order.email for order in orders if order.kind != "new"}.items():
            session.post(
                f"{place.sandbox_url}/books/v3/contacts",
                params={"organization_id": place.environ["ZOHO_ORGANIZATION_ID"]},
                headers={"Authorization": f"Zoho-oauthtoken {token}"},
                json={
                    "contact_name": f"{customer} Lind",
                    "contact_persons": [{"email": email, "is_primary_contact": True}],
                },
                timeout=60,
            ).raise_for_status()


def send_each_in_time(orders: Sequence[Order], *, apart_seconds: float, send: Callable[[Order], object]) -> None:
    """Sends the orders one after the other, so many seconds apart."""
    began, pause = time.monotonic(), threading.Event()
    for number, order in enumerate(orders):
        pause.wait(max(0.0, began + number * apart_seconds - time.monotonic()))
        send(order)


def send_and_repeat(url: str, orders: Sequence[Order], *, apart_seconds: float, factor: float, seconds: float) -> None:
    """Sends the orders so many seconds apart, each again as its platform does until it is accepted; ends in time.

    The platform's times pass `factor` times as fast.
    """
    shop, began, pause, tickets = Shop(), time.monotonic(), threading.Event(), count()
    due = [(number * apart_seconds, next(tickets), order, 0) for number, order in enumerate(orders)]
    lock, own, dice = threading.Lock(), threading.local(), random.Random(11)

    def send(order: Order, repeats: int) -> None:
        own.session = getattr(own, "session", None) or requests.Session()
        is_accepted = _accepts(own.session, url, *shop.request(order), SENDER_TIMEOUT_SECONDS / factor)
        if not is_accepted and repeats < len(REPEATS_AFTER_SECONDS):
            with lock:
                wait = REPEATS_AFTER_SECONDS[repeats] * dice.uniform(LEAST_TIMES, MOST_TIMES)
                again = time.monotonic() - began + wait / factor
                heapq.heappush(due, (again, next(tickets), order, repeats + 1))

    with ThreadPoolExecutor(SENDERS) as pool:
        while (now := time.monotonic() - began) < seconds:
            with lock:
                ready = heapq.heappop(due) if due and due[0][0] <= now else None
            if ready is None:
                pause.wait(0.002)
            else:
                pool.submit(send, ready[2], ready[3])


def _accepts(session: requests.Session, url: str, body: bytes, headers: dict[str, str], timeout: float) -> bool:
    try:
        return session.post(url, data=body, headers=headers, timeout=timeout).ok
    except requests.RequestException:
        return False

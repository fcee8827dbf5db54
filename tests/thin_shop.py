"""A shop whose events say little more than an order's id, and its API; fixtures for whoever imports them."""

import json

import pytest

from cli.examples import sign
from mappings import Example
from tests.outbound.api_server import Reply, served_api
from tests.scene import PUBLIC_URL

MAPPING = """
source: corner
verify:
  scheme: hmac
  digest: sha256
  encoding: hex
  header: X-Signature
  secret: CORNER_SECRET
apis:
  api.corner.example:
    credential:
      setting: CORNER_API_KEY
      as: bearer
    limit:
      calls: 50
      seconds: 1
identify:
  topic: type
events:
  paid:
    fetch:
      order:
        url: "https://api.corner.example/orders/{id}"
      lines:
        url: "https://api.corner.example/orders/{id}/lines"
        pages:
          by: cursor
          items: data
          next: next
          parameter: after
      customer?:
        url: "https://api.corner.example/customers/{fetched('order').customer}"
    ignore_if:
      - when: fetched('order').test
        because: it is a test order
    once_per: "order:{id}"
    contact:
      name: fetched('customer').name || 'Somebody'
      customer_id?: fetched('order').customer
    invoice:
      reference_number: fetched('order').number
      date: date(fetched('order').day)
      currency_code: "'USD'"
      lines:
        - each: fetched('lines')
          name: title
          quantity: "`1`"
          rate: money(price)
      control_total: money(fetched('order').total)
"""
ORDER = Reply(b'{"number": "7", "day": "2026-03-04", "total": 3.50, "customer": 9}')
FIRST = Reply(b'{"data": [{"title": "Cap", "price": 1.25}], "next": "c1"}')
LAST = Reply(b'{"data": [{"title": "Mug", "price": 2.25}], "next": null}')
CUSTOMER = Reply(b'{"name": "Ada"}')
ALL = [ORDER, FIRST, LAST, CUSTOMER]
ADDRESSES = ["/orders/1", "/orders/1/lines", "/orders/1/lines?after=c1", "/customers/9"]


@pytest.fixture
def api():
    with served_api() as server:
        server.replies = [*ALL]
        yield server


@pytest.fixture
def environ(environ, api, tmp_path):
    folder = tmp_path / "own" / "corner"
    folder.mkdir(parents=True)
    (folder / "mapping.yaml").write_text(MAPPING)
    file = tmp_path / "connections.yaml"
    file.write_text(f"connections: {{corner: {{apis: {{api.corner.example: {api.origin}/}}}}}}")
    keys = {"CORNER_SECRET": "s", "CORNER_API_KEY": "key-1"}
    return {**environ, **keys, "BOOKHOOK_SOURCES": str(folder.parent), "BOOKHOOK_CONNECTIONS": str(file)}


@pytest.fixture
def deliver(hooks, deployment, clock):
    """Delivers a thin event of the shop; gives its id."""

    def deliver(number=1):
        body = json.dumps({"type": "paid", "id": number}).encode()
        example = Example("corner", "paid", body, {"Content-Type": "application/json"}, {})
        request = sign(deployment.sources["corner"], example, "s", timestamp=clock(), public_url=PUBLIC_URL)
        return hooks.send("corner", request).json["event_id"]

    return deliver


def asked(api):
    return [path for path, _ in api.asked]


def answer_with(api, *replies):
    api.replies = list(replies)
    api.asked.clear()

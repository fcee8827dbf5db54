"""Deliveries of Shopify orders as bytes for the wire, each another order, genuinely signed."""

import json

from cli.examples import sign
from mappings import BUILT_IN, Example, Source, load_sources

MODEL = "taxes_included"  # a paid order of 5.8 KB


def render_deliveries(first: int, count: int, *, secret: str) -> list[bytes]:
    """Requests for the orders numbered from `first`, whole and ready to be sent."""
    source = load_sources(BUILT_IN)["shopify"]
    [model] = [each for each in source.examples() if each.case == MODEL]
    order_id = str(json.loads(model.body)["id"])
    return [_render(source, model, order_id, number, secret) for number in range(first, first + count)]


def _render(source: Source, model: Example, order_id: str, number: int, secret: str) -> bytes:
    body = model.body.replace(order_id.encode(), str(10**12 + number).encode())
    headers = model.headers | {"X-Shopify-Event-Id": f"9a1f0c52-1d0e-4b7e-8a52-{number:012x}"}
    order = Example(source.name, model.case, body, headers, {})
    lines = [f"{name}: {value}\r\n" for name, value in sign(source, order, secret, timestamp=0).headers.items()]
    head = f"POST /hooks/shopify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n{''.join(lines)}\r\n"
    return head.encode() + body

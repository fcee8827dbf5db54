"""The built-in sources ask for what their examples say was fetched, at the addresses and page by page as documented."""

from collections.abc import Callable
from typing import Any

import pytest

from mappings import Example
from tests.apis.conftest import fetch
from tests.apis.platform import Platform
from tests.apis.shops import BigCommerce, Square, Stripe
from tests.outbound.api_server import served_api
from tests.scene import SOURCES

Fetched = dict[str, Any]


def hold_stripe(platform: Platform, fetched: Fetched) -> None:
    for step, collection in (("session", "sessions"), ("invoice", "invoices"), ("payment", "payments")):
        if step in fetched:
            platform.put(collection, {fetched[step]["id"]: fetched[step]})
    for owner, step, collection in (("session", "line_items", "session_lines"), ("invoice", "lines", "invoice_lines")):
        if step in fetched:
            platform.put(collection, {fetched[owner]["id"]: fetched[step]})
    found = fetched.get("sessions", {"data": []})["data"]
    platform.put("sessions", {session["id"]: session for session in found})


def hold_square(platform: Platform, fetched: Fetched) -> None:
    for step, answer in fetched.items():
        if answer is not None:
            platform.put(f"{step}s", {answer[step]["id"]: answer[step]})


def hold_bigcommerce(platform: Platform, fetched: Fetched) -> None:
    order = fetched["order"]
    platform.put("orders", {str(order["id"]): order})
    for step, found in fetched.items():
        if step != "order" and found is not None:
            platform.put(step, {str(order["id"]): found})


HOLD: dict[str, tuple[type[Platform], Callable[[Platform, Fetched], None]]] = {
    "stripe": (Stripe, hold_stripe),
    "square": (Square, hold_square),
    "bigcommerce": (BigCommerce, hold_bigcommerce),
}


def thin_examples() -> list[Example]:
    """Those that get past the door and have something fetched."""
    found = [each for name in HOLD for each in SOURCES[name].examples() if each.fetched]
    return [each for each in found if SOURCES[each.source].identify(each.received).ignored is None]


@pytest.mark.parametrize("example", thin_examples(), ids=lambda each: f"{each.source}/{each.case}")
def test_an_example_is_fetched_as_it_says(example):
    source, (kind, hold) = SOURCES[example.source], HOLD[example.source]
    topic = source.identify(example.received).topic

    with served_api(kind) as platform:
        hold(platform, dict(example.fetched))
        found = fetch(source, platform, _bare(example), topic=topic)

    for step, answer in example.fetched.items():
        assert _items(found[step]) == _items(answer), step


def _bare(example: Example):
    return Example(example.source, example.case, example.body, example.headers, {}).received


def _items(answer: object) -> object:
    """A list whole; of an answer that is one page of a list only what it lists."""
    return answer["data"] if isinstance(answer, dict) and answer.get("object") == "list" else answer

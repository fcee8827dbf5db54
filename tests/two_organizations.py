"""A deployment of two organizations in two data centres, and their shops; each data centre is a sandbox of its own."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from cli.examples import sign
from mappings import Example
from tests.scene import SOURCES, Hooks, Sandbox, example

AMERICA, EUROPE = "10000001", "10000002"
SECRETS = {"AMERICA_SECRET": "made-in-america", "EUROPE_SECRET": "made-in-europe"}
SECRET_OF = {"shop-us": SECRETS["AMERICA_SECRET"], "shop-eu": SECRETS["EUROPE_SECRET"]}
CONNECTIONS = """
organizations:
  europe:
    organization_id: 10000002
    data_center: eu
    accounts_url: {url}
    api_url: {url}/books/v3
    client_id: EUROPE_CLIENT_ID
    client_secret: EUROPE_CLIENT_SECRET
    refresh_token: EUROPE_REFRESH_TOKEN
    {limits}
connections:
  shop-us: {{source: shopify, secret: AMERICA_SECRET}}
  shop-eu: {{source: shopify, secret: EUROPE_SECRET, organization: europe{more}}}
  slack: {{expenses: {{approval: none}}}}
"""
ORDER = example("shopify/paid_order")


def settings_of_both(
    america: Mapping[str, str],
    europe: Sandbox,
    folder: Path,
    *,
    limits: Mapping[str, object] | None = None,
    more: str = "",
) -> dict[str, str]:
    """The environment of `america` with a second organization and the shops of both.

    `more` is what the European shop decides, such as `, patch: mine.yaml`.
    """
    limits = limits or {"calls_per_minute": 100000, "calls_per_day": 100000, "concurrent_calls": 100}
    written = "\n    ".join(f"{name}: {value}" for name, value in limits.items())
    file = folder / "two_organizations.yaml"
    file.write_text(CONNECTIONS.format(url=europe.url, limits=written, more=more))
    return {
        **america,
        **SECRETS,
        "BOOKHOOK_CONNECTIONS": str(file),
        "EUROPE_CLIENT_ID": "test",
        "EUROPE_CLIENT_SECRET": "sandbox-secret",
        "EUROPE_REFRESH_TOKEN": "sandbox-refresh",
    }


def order(number: int, **changes: object) -> Example:
    """An order of that number, in a delivery of its own."""
    headers = {name: value for name, value in ORDER.headers.items() if "Id" not in name}
    body = {**json.loads(ORDER.body), "id": number, "name": f"#{number}", **changes}
    return replace(ORDER, body=json.dumps(body).encode(), headers=headers)


def deliver(hooks: Hooks, shop: str, request: Example) -> str:
    """The id of the event that a shop's request became."""
    signed = sign(SOURCES["shopify"], request, SECRET_OF[shop], timestamp=hooks.clock())
    answer = hooks.send(shop, signed)
    assert answer.status_code < 300, answer.text
    event_id: str = answer.json["event_id"] if answer.json else pytest.fail("no event")
    return event_id

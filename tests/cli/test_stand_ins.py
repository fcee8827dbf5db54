"""The sandbox in the place of senders' APIs: an example of a thin source goes all the way."""

import json

import pytest
import yaml

from cli.examples import find_example, sign
from cli.stand_ins import entries, expect, made_up_credentials
from mappings import load_sources
from tests.scene import PUBLIC_URL

MAPPING = """
source: corner
options:
  shop:
    meaning: the name of the shop
    example: acme
verify:
  scheme: hmac
  digest: sha256
  encoding: hex
  header: X-Signature
  secret: CORNER_SECRET
apis:
  "{option('shop')}.corner.example":
    credential:
      - setting: CORNER_KEY
        as: query
        name: key
      - setting: CORNER_USER
        as: basic
identify:
  topic: type
events:
  paid:
    fetch:
      order:
        url: "https://{option('shop')}.corner.example/orders/{id}"
      lines:
        url: "https://{option('shop')}.corner.example/orders/{id}/lines"
        pages:
          by: number
          parameter: page
          items: data
    once_per: "order:{id}"
    contact:
      name: fetched('order').buyer
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
REQUEST = {
    "body": {"type": "paid", "id": "a@b"},
    "fetched": {
        "order": {"number": "7", "day": "2026-03-04", "total": "3.50", "buyer": "Jo"},
        "lines": [{"title": "Cap", "price": "1.25"}, {"title": "Mug", "price": "2.25"}],
    },
}


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "own" / "corner"
    (folder / "examples").mkdir(parents=True)
    (folder / "mapping.yaml").write_text(MAPPING)
    (folder / "examples" / "paid.request.json").write_text(json.dumps(REQUEST))
    (folder / "examples" / "paid.expected.json").write_text("{}")
    return load_sources(folder.parent)


@pytest.fixture
def environ(environ, sandbox, sources, tmp_path):
    file = tmp_path / "connections.yaml"
    file.write_text(yaml.safe_dump({"connections": entries(sources.values(), sandbox.url)}))
    keys = {"CORNER_SECRET": "s", **made_up_credentials(sources.values())}
    own = {"BOOKHOOK_SOURCES": str(tmp_path / "own"), "BOOKHOOK_CONNECTIONS": str(file)}
    return {**environ, **keys, **own}


def test_an_example_of_a_thin_source_is_fetched_from_the_sandbox(sources, hooks, worker, sandbox, clock):
    example = find_example(sources, "corner/paid")
    expect(sandbox.url, sources["corner"], example)

    request = sign(sources["corner"], example, "s", timestamp=clock(), public_url=PUBLIC_URL)
    hooks.send("corner", request)
    worker.drain()

    event = worker.only_event()
    assert (event.state, event.error) == ("posted", None)
    [invoice] = sandbox.invoices
    assert [line["name"] for line in invoice["line_items"]] == ["Cap", "Mug"]
    steps = [step.detail for step in worker.desk.ledger.events.timeline(event.event_id) if step.step == "fetched"]
    assert steps == ["order from acme.corner.example", "lines from acme.corner.example, 2 calls"]


def test_what_its_connection_needs_is_made_of_the_mapping(sources, sandbox):
    assert entries(sources.values(), sandbox.url) == {
        "corner": {
            "settings": {"shop": "acme"},
            "apis": {"acme.corner.example": f"{sandbox.url}/_sandbox/apis/acme.corner.example"},
        }
    }
    assert made_up_credentials(sources.values()) == {"CORNER_KEY": "made-up", "CORNER_USER": "user:made-up"}

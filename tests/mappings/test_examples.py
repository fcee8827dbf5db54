"""How examples are read and sent, and the published schema of the standard sender beside its examples."""

import json

import jsonschema
import pytest

from mappings import BUILT_IN, Received, load_sources
from mappings.examples import compact

SOURCES = load_sources(BUILT_IN)
EXAMPLES = [example for source in SOURCES.values() for example in source.examples()]
STANDARD = [each for each in EXAMPLES if each.source == "standard"]


def name(example):
    return f"{example.source}/{example.case}"


def identify(example):
    return SOURCES[example.source].identify(example.received)


def test_an_example_can_be_sent_with_other_fields():
    [form] = [each for each in EXAMPLES if name(each) == "slack/expense"]
    [order] = [each for each in EXAMPLES if name(each) == "standard/order"]

    changed = form.with_fields({"response_url": "http://127.0.0.1:8099/_sandbox/slack?a=1&b=2"})
    assert (
        Received(changed.body, changed.headers).root["response_url"] == "http://127.0.0.1:8099/_sandbox/slack?a=1&b=2"
    )
    assert identify(changed).once_per == form.expected["once_per"]
    assert b'"unit_price":1250.5' in order.with_fields({"timestamp": "now"}).body
    [receipt] = [each for each in EXAMPLES if name(each) == "standard/expense_with_receipt"]
    later = receipt.with_fields({"timestamp": "now"})
    sent, before = (Received(each.body, each.headers) for each in (later, receipt))
    assert (sent.root["timestamp"], sent.root["data"], sent.files) == ("now", before.root["data"], before.files)


def test_a_body_is_sent_as_compact_json_digit_for_digit():
    [example] = [each for each in EXAMPLES if name(each) == "woocommerce/paid_order"]

    assert b'"total_tax":"2.23"' in example.body
    assert b'"rate_percent":8.25' in example.body
    assert json.loads(example.body)["line_items"][0]["name"] == "Caf&eacute; mug &ndash; blue"


SCHEMA = json.loads((BUILT_IN / "standard" / "schema.json").read_text())
SHAPES = ("order", "cancellation", "received", "refund", "expense")


def event_of(example):
    """The event as JSON knows it, in a body of several parts too."""
    return json.loads(compact(Received(example.body, example.headers).root))


@pytest.mark.parametrize("example", STANDARD, ids=name)
def test_the_published_schema_accepts_what_is_posted_and_nothing_else(example):
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)

    assert validator.is_valid(event_of(example)) == (example.expected["state"] == "posted")


@pytest.mark.parametrize("example", STANDARD, ids=name)
def test_the_published_schema_names_every_field_the_mapping_reads(example):
    shapes = {name: set(shape.get("properties", {})) for name, shape in SCHEMA["$defs"].items()}
    data = event_of(example)["data"]

    assert set(data) <= set().union(*(shapes[each] for each in SHAPES))
    assert set(data.get("customer", {})) <= shapes["customer"]
    assert all(set(line) <= shapes["line"] for line in data.get("lines", []))
    assert all(set(payment) <= shapes["payment"] for payment in data.get("payments", []))


def test_the_published_schema_lets_details_be_longer_than_zoho_takes():
    [order] = [json.loads(each.body) for each in STANDARD if name(each) == "standard/order"]
    customer = order["data"]["customer"]
    for details in (customer, customer["address"]):
        details |= {field: text * 50 for field, text in details.items() if isinstance(text, str)}
    customer |= {"id": "1", "email": "ada@example.com"}
    order["data"] |= {"number": "9" * 200}

    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(order)


def test_a_request_file_is_read_like_an_example(tmp_path):
    file = tmp_path / "request.json"
    file.write_text('{"body": {"a": 1.50}}')
    request = SOURCES["shopify"].read_request(file)

    assert (request.body, request.media_type) == (b'{"a":1.50}', "application/json")


def test_a_form_is_written_as_fields_and_json_in_it_as_json(tmp_path):
    file = tmp_path / "request.json"
    file.write_text(
        '{"headers": {"X-Topic": "paid"}, "form": {"a": "1 & 2", "data": {"price": 1.50, "of": ["ü"]}, "n": 5}}'
    )
    request = SOURCES["shopify"].read_request(file)

    assert request.body == b"a=1+%26+2&data=%7B%22price%22%3A1.50%2C%22of%22%3A%5B%22%C3%BC%22%5D%7D&n=5"
    assert request.media_type == "application/x-www-form-urlencoded"
    assert request.headers["x-topic"] == "paid"


def test_an_example_may_say_when_it_came(tmp_path):
    file = tmp_path / "came.request.json"
    file.write_text('{"body": {}, "arrived": "2026-03-14T10:00:00Z"}')

    assert SOURCES["shopify"].read_request(file).at == 1773482400
    assert SOURCES["shopify"].read_example(file).received.at == 1773482400


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"body": {}, "arrived": "soon"}', '"arrived" must be a time'),
        ('{"id": 5}', '"headers": '),
        ('{"body": 5, "raw": "5"}', 'in place of "body"'),
        ('{"raw": 5}', '"raw" must be a text'),
        ('{"form": "a=1"}', '"form" must hold fields'),
    ],
)
def test_what_is_no_request_is_told(tmp_path, text, why):
    file = tmp_path / "request.json"
    file.write_text(text)

    with pytest.raises(ValueError, match=why):
        SOURCES["shopify"].read_request(file)

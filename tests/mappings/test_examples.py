"""Every example of every source comes out as it says; written once, inherited by each new source."""

import json
from decimal import ROUND_HALF_UP, Decimal

import jsonschema
import pytest

from errors import NeedsAttention
from mappings import BUILT_IN, Options, Received, as_json, load_sources
from mappings.examples import compact

OPTIONS = Options(
    paid_through="Company Credit Card",
    default_account="Other Expenses",
    accounts={"meals": "Meals and Entertainment", "travel": "Travel Expense", "office": "Office Supplies"},
)
SOURCES = load_sources(BUILT_IN)
EXAMPLES = [example for source in SOURCES.values() for example in source.examples()]
INVOICES = [each for each in EXAMPLES if each.expected.get("document", {}).get("kind") == "invoice"]
STANDARD = [each for each in EXAMPLES if each.source == "standard"]


def name(example):
    return f"{example.source}/{example.case}"


@pytest.fixture(params=EXAMPLES, ids=name)
def example(request):
    return request.param


def identify(example):
    return SOURCES[example.source].identify(Received(example.body, example.headers))


def render(example):
    request = Received(example.body, example.headers)
    return SOURCES[example.source].render(request, OPTIONS, topic=example.expected["topic"])


def main_document(drafts):
    """The document that stands for the event."""
    return next(each for each in (drafts.invoice, drafts.expense, *drafts.refunds, *drafts.payments) if each)


def test_an_example_is_recognised_as_it_says(example):
    identity = identify(example)

    assert identity.topic == example.expected["topic"]
    assert identity.once_per == example.expected.get("once_per")
    assert identity.ignored == example.expected.get("reason")
    assert (identity.ignored is not None) == (example.expected["state"] == "ignored")


def test_an_example_gives_the_drafts_it_says(example):
    if "drafts" in example.expected:
        drafts = render(example)
        assert as_json(drafts) == example.expected["drafts"]
        assert drafts.once_per == example.expected["once_per"]
    elif example.expected["state"] == "parked":
        with pytest.raises(NeedsAttention) as caught:
            render(example)
        assert {"code": caught.value.code, "field": caught.value.field} == example.expected["error"]
        assert caught.value.remedy
    else:
        assert example.expected["state"] == "ignored"


def test_the_document_an_example_promises_is_the_one_drafted(example):
    promised = example.expected.get("document")
    if promised:
        document = main_document(render(example))
        assert document.kind == promised["kind"]
        assert document.currency_code == promised["currency_code"]
        total = document.amount if document.kind == "payment" else document.control_total
        assert total == Decimal(promised["total"])
    needs_one = example.expected["state"] == "posted" and "cancel" not in example.expected["drafts"]
    assert bool(promised) == needs_one


@pytest.mark.parametrize("example", INVOICES, ids=name)
def test_the_lines_of_an_example_add_up_to_what_the_sender_says(example):
    invoice = render(example).invoice

    def cents(amount):
        return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)

    nets = [cents(line.quantity * line.rate - line.discount) for line in invoice.lines]
    taxes = [tax.amount for line in invoice.lines for tax in line.taxes if not invoice.is_inclusive_tax]
    rounding = Decimal(example.expected.get("rounding", 0))  # what the sender rounds in its sums only
    assert sum(nets) + sum(taxes) + invoice.adjustment + rounding == invoice.control_total


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.name)
def test_a_source_has_an_example_that_posts_for_each_event_and_one_that_is_ignored(source):
    expected = [example.expected for example in source.examples()]

    done = {each["topic"] for each in expected if each["state"] in ("posted", "rejected")}
    assert done == set(source.topics)
    assert any(each["state"] == "ignored" for each in expected)


def test_no_two_examples_of_a_source_are_about_the_same_thing_unless_one_comes_after_the_other():
    keys = [
        (example.source, example.expected["once_per"])
        for example in EXAMPLES
        if "once_per" in example.expected and "after" not in example.expected
    ]
    assert len(keys) == len(set(keys))


def test_what_an_example_comes_after_is_there_and_about_the_same_order():
    found = {name(each): each.expected for each in EXAMPLES}
    followers = [each for each in EXAMPLES if "after" in each.expected]

    assert followers
    for example in followers:
        for case in example.expected["after"]:
            assert found[f"{example.source}/{case}"]["once_per"] == example.expected["once_per"]


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.name)
def test_a_source_explains_itself_to_the_merchant(source):
    page = (source.folder / "README.md").read_text()

    assert source.setting in page
    assert "## What it does not do" in page


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
    file.write_text('{"id": 5}')
    with pytest.raises(ValueError, match='"headers": '):
        SOURCES["shopify"].read_request(file)

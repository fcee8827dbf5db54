"""Complaints and troubles are led back to the line of the file that has to be mended."""

import pytest

from errors import NeedsAttention
from mappings import MappingFileErrors, Options
from mappings.loading import read_source
from mappings.places import line_of_complaint, place_of_trouble
from tests.scene import SOURCES, example

LIVE = (SOURCES["shopify"].folder / "mapping.yaml").read_text()
FOLDER = SOURCES["shopify"].folder


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


@pytest.mark.parametrize(
    ("replace", "by"),
    [
        ("reference_number: name", "refrence_number: name"),
        ("rate: money(price)", "rate: mony(price)"),
        ("delivery?: header('X-Shopify-Event-Id')", "delivery?: heeder('X-Shopify-Event-Id')"),
        ("identify:", "identfy:"),
        ("  scheme: hmac", "  scheme: hmack"),
        ('    once_per: "order:{id}"', '    once_per: "order:{id"'),
        ("source: shopify", "source: shop"),
        ("  topic: header('X-Shopify-Topic')", "  topic: topic\n  topic: again"),
    ],
)
def test_a_complaint_leads_to_its_line(replace, by):
    text = LIVE.replace(replace, by, 1)

    with pytest.raises(MappingFileErrors) as caught:
        read_source(FOLDER, text)

    lines = [line_of_complaint(text, problem.partition(": ")[2]) for problem in caught.value.problems]
    assert line_of(text, by.splitlines()[-1]) in lines


def test_what_is_wrong_with_an_alias_is_mended_where_its_anchor_is():
    text = LIVE.replace("      reference_number: name\n", "", 1)

    with pytest.raises(MappingFileErrors) as caught:
        read_source(FOLDER, text)

    lines = {line_of_complaint(text, problem.partition(": ")[2]) for problem in caught.value.problems}
    assert lines == {line_of(text, "invoice: &invoice")}


def trouble_of(text: str, patch: str = "") -> tuple[str, int] | None:
    source, received = read_source(FOLDER, text, patch), example("shopify/paid_order").received
    with pytest.raises(NeedsAttention) as caught:
        source.render(received, Options(), topic="orders/paid")
    found = caught.value
    return place_of_trouble({"patch": patch, "mapping": text}, found.field, found.message, topic="orders/paid")


@pytest.mark.parametrize(
    ("replace", "by"),
    [
        ("rate: money(price)", "rate: money(prize)"),
        ("      currency_code: currency", "      currency_code: currencies"),
        ("      customer_id?: customer.id", "      customer_id?: money(customer.first_name)"),
        ("      includes_tax: taxes_included", "      includes_tax: money(email)"),
    ],
)
def test_a_trouble_leads_to_the_line_that_gave_the_value(replace, by):
    text = LIVE.replace(replace, by, 1)

    assert trouble_of(text) == ("mapping", line_of(text, by))


def test_of_several_blocks_of_lines_the_one_is_found_whose_words_failed():
    shipping = LIVE.index("- each: shipping_lines")
    text = LIVE[:shipping] + LIVE[shipping:].replace("name: ", "name: nothing_there && ", 1)

    assert trouble_of(text) == ("mapping", line_of(text, "nothing_there"))


def test_what_a_patch_says_is_found_in_the_patch():
    patch = "events:\n  orders/paid:\n    invoice:\n      currency_code: nothing_there\n"

    assert trouble_of(LIVE, patch) == ("patch", 4)


def test_what_a_patch_leaves_alone_is_found_in_the_mapping():
    patch = "events:\n  orders/paid:\n    invoice:\n      notes: name\n"
    text = LIVE.replace("rate: money(price)", "rate: money(prize)", 1)

    assert trouble_of(text, patch) == ("mapping", line_of(text, "prize"))


@pytest.mark.parametrize("content", ["", "a: [", "- 1", "\x00"])
def test_where_there_is_no_such_place_there_is_no_line(content):
    assert line_of_complaint(content, "events.paid: what") is None
    assert place_of_trouble({"mapping": content}, "invoice", "what", topic="paid") is None

"""Examples of thin sources are fetched for real, from a stand-in that answers as they say."""

import json
from decimal import Decimal

import pytest

from mappings import Example, Received
from mappings.playback import NotPlayable, play_back
from tests.mappings.test_fetching import APIS, BODY, ask

STEPS = """
      order:
        url: "https://api.shop.example/v1/orders/{id}"
      lines:
        url: "https://api.shop.example/v1/orders/{id}/lines?limit=2"
        pages: PAGES
      stock?:
        each: rows
        url: "https://api.shop.example/v1/stock/{sku}"
"""
FETCHED = {"order": {"total": Decimal("1.10")}, "lines": [{"id": 1}, {"id": 2}], "stock": [{"n": 1}, None]}
PAGINGS = [
    "{by: link}",
    "{by: link, items: '@'}",
    "{by: url, next: next, items: data}",
    "{by: number, parameter: page, items: data.rows}",
    "{by: offset, parameter: start, items: data}",
    "{by: cursor, parameter: after, next: 'data[-1].id', items: data}",
    "{by: cursor, parameter: after, next: 'data[-1].id', items: data, while: has_more}",
]


@pytest.fixture
def shop(source, minimal):
    def load(pages):
        text = minimal.replace("events:\n", APIS, 1)
        steps = STEPS.strip("\n").replace("PAGES", pages)
        return source(text.replace("    contact:\n", f"    fetch:\n{steps}\n    contact:\n", 1))

    return load


def example(body=BODY, fetched=None):
    return Example("shop", "case", body.encode(), {}, {}, FETCHED if fetched is None else fetched)


@pytest.mark.parametrize("pages", PAGINGS)
def test_what_is_played_back_is_fetched_as_the_example_says(shop, pages):
    source = shop(pages)

    answers = play_back(source, example())
    found, targets = ask(source, list(answers.values()))

    assert found == FETCHED
    assert [(host, target) for host, target in answers] == [("api.shop.example", target) for target in targets]


def test_an_event_that_is_not_for_us_or_has_no_name_asks_for_nothing(shop):
    source = shop("{by: link}")

    assert play_back(source, example('{"type": "paid"}')) == {}
    assert play_back(source, example('{"type": "other", "id": 1}')) == {}


def test_items_that_are_no_plain_path_cannot_be_played_back(shop):
    with pytest.raises(NotPlayable, match="not a plain path"):
        play_back(shop("{by: link, items: 'data[].rows[]'}"), example())


def test_an_example_file_holds_what_was_fetched_digit_for_digit(shop, tmp_path):
    source = shop("{by: link}")
    file = tmp_path / "request.json"
    file.write_text('{"body": {"id": 1}, "fetched": {"order": {"total": 1.10}}}')

    request = source.read_request(file)

    assert isinstance(request, Received)
    assert str(request.fetched["order"]["total"]) == "1.10"
    assert json.loads(request.body) == {"id": 1}

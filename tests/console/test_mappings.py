"""Pages of mappings: how each connection fares, what is understood, and what a mapping says."""

import shutil

import pytest

from tests.console.conftest import ORDER, order
from tests.scene import SOURCES


def connection(browse, name: str) -> dict:
    found = browse("viewer").get("/mappings.json").json["connections"]
    return next(each for each in found if each["name"] == name)


def test_a_connection_shows_how_it_fares(browse, hooks, worker, clock):
    hooks.deliver(ORDER)
    clock.advance(60)
    parked = hooks.deliver(order(7, line_items=[], shipping_lines=[])).json["event_id"]
    worker.drain()
    clock.advance(3600)

    told = connection(browse, "shopify")

    assert (told["came"], told["failed"], told["failed_share"]) == (2, 1, 0.5)
    assert told["health"] == "failures"
    assert told["last_failure"]["event_id"] == parked
    assert told["secret_setting"] == "SHOPIFY_WEBHOOK_SECRET"
    page = browse("viewer").get("/mappings").text
    assert "<strong>1 failed</strong> (50.0 %), 1 posted" in page
    assert "1 hour ago" in page


def test_what_came_more_than_a_day_ago_does_not_count(browse, hooks, worker, clock):
    hooks.deliver(order(7, line_items=[], shipping_lines=[]))
    worker.drain()
    clock.advance(2 * 86400)

    told = connection(browse, "shopify")

    assert (told["came"], told["health"]) == (0, "quiet")
    assert told["last_at"] is not None


def test_a_connection_whose_organization_is_paused_says_why(browse, ledger):
    ledger.dispatch.pause("10000001", reason="the grant was withdrawn", seconds=60)

    assert connection(browse, "shopify")["health"] == "paused"
    assert "the grant was withdrawn" in browse("viewer").get("/mappings").text


def test_every_source_is_listed_with_what_it_makes_of_each_topic(browse):
    told = {each["name"]: each for each in browse("viewer").get("/mappings.json").json["sources"]}

    assert set(told) == set(SOURCES)
    assert told["shopify"]["topics"]["refunds/create"] == ["refund"]
    assert told["shopify"]["setting"] == "SHOPIFY_WEBHOOK_SECRET"
    assert told["slack"]["title"] == "Slack"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"find": "refunds/create"}, {"shopify"}),
        ({"find": "SLACK_SIGNING"}, {"slack"}),
        ({"show": "unconnected"}, set()),
    ],
)
def test_sources_are_filtered(browse, asked, found):
    sources = browse("viewer").get("/mappings.json", query_string=asked).json["sources"]

    assert {each["name"] for each in sources} == found


def test_a_source_shows_its_mapping_with_line_numbers_its_examples_and_its_readme(browse):
    told = browse("viewer").get("/mappings/shopify.json").json
    page = browse("viewer").get("/mappings/shopify").text

    assert told["mapping"] == (SOURCES["shopify"].folder / "mapping.yaml").read_text()
    number = told["mapping"].splitlines().index("events:") + 1
    assert f'<span class="line" id="line-{number}"><span class="at">{number}</span>events:' in page
    assert {"case": "test_order", "topic": "orders/paid", "state": "ignored"} in told["examples"]
    assert "## Set up" in told["readme"]
    assert [each["name"] for each in told["used_by"]] == ["shopify"]


def test_a_source_that_is_not_there_is_said_so(browse):
    answer = browse("viewer").get("/mappings/shoppify")

    assert answer.status_code == 404
    assert "no source shoppify" in answer.text


def test_who_may_only_look_is_not_led_to_trying_and_may_not(browse):
    viewer = browse("viewer")

    assert "/try" not in viewer.get("/mappings/shopify").text
    assert viewer.get("/mappings/shopify/try").status_code == 403
    assert viewer.send("/mappings/shopify/try", {"example": "paid_order"}, token=viewer.token).status_code == 403
    assert viewer.send("/mappings/shopify/comparisons", token=viewer.token).status_code == 403


@pytest.fixture
def environ(environ, tmp_path):
    """With a source of one's own in the place of one that comes along; one of its examples cannot be read."""
    shutil.copytree(SOURCES["standard"].folder, tmp_path / "own" / "standard")
    (tmp_path / "own" / "standard" / "examples" / "order.request.json").write_text("{not json")
    return {**environ, "BOOKHOOK_SOURCES": str(tmp_path / "own")}


@pytest.mark.parametrize("path", ["/mappings/standard", "/mappings/standard/try"])
def test_an_example_that_cannot_be_read_keeps_no_page_away(browse, path):
    page = browse("operator").get(path)

    assert page.status_code == 200
    assert "order paid" in page.text


def test_what_is_ones_own_is_said_to_be(browse):
    assert browse("viewer").get("/mappings/standard.json").json["comes_along"] is False
    assert browse("viewer").get("/mappings/shopify.json").json["comes_along"] is True

"""An edited mapping over what came, beside the live one: counts first, then what would be otherwise, field by field."""

import re
from importlib import import_module

import pytest

from tests.console.conftest import ORDER, order
from tests.scene import SOURCES

EMPTY = "length(line_items) == `0`"
LIVE = (SOURCES["shopify"].folder / "mapping.yaml").read_text()


@pytest.fixture
def came(hooks, clock) -> dict[str, str]:
    """Three orders, of which the live mapping cannot make one an invoice."""
    found = {}
    for name, each in (
        ("usual", ORDER),
        ("other", order(2, email=None)),
        ("parked", order(7, line_items=[], shipping_lines=[])),
    ):
        clock.advance(1)
        found[name] = hooks.deliver(each).json["event_id"]
    return found


@pytest.fixture
def compare(browse):
    """Runs a mapping over what came, until nothing is left; the page's twin."""
    operator = browse("operator")

    def run(mapping: str, **fields: str) -> dict:
        place = operator.send(
            "/mappings/shopify/comparisons", {"mapping": mapping, **fields}, token=operator.token
        ).location
        path = place.removeprefix("https://console.example.com").partition("?")[0]
        while (told := operator.get(f"{path}.json").json)["goes_on"]:
            operator.send(path, token=operator.token)
        return told

    return run


def test_the_live_mapping_is_the_same_as_itself(compare, came):
    told = compare(LIVE)

    assert (told["looked_at"], told["of"], told["left"]) == (3, 3, 0)
    assert told["counts"] == {"error": 0, "differs": 0, "fixed": 0, "stuck": 0, "gone": 0, "same": 3}
    assert told["groups"] == []


def test_what_would_be_otherwise_is_told_field_by_field(compare, came):
    told = compare(LIVE.replace("reference_number: name", "reference_number: text(id)", 1))

    assert (told["counts"]["differs"], told["counts"]["same"]) == (2, 1)
    [group] = told["groups"]
    assert group["paths"] == ["POST /invoices · reference_number"]
    rows = {event["event_id"]: event["rows"] for event in group["events"]}
    [row] = rows[came["usual"]]
    assert re.fullmatch(r"#1001 bh-\w{12}", row["live"])
    assert re.fullmatch(r"5900012345001 bh-\w{12}", row["edited"])


def test_what_would_fail_now_and_what_would_not_any_more_are_told_apart(compare, came):
    rules = f"ignore_if:\n      - when: {EMPTY}\n        because: it is empty"
    edited = LIVE.replace("ignore_if:", rules, 1).replace("email?: text(email)", "email?: required(email)", 1)

    told = compare(edited)

    assert {group["verdict"]: [event["event_id"] for event in group["events"]] for group in told["groups"]} == {
        "error": [came["other"]],
        "fixed": [came["parked"]],
    }
    [error] = [group for group in told["groups"] if group["verdict"] == "error"]
    assert error["reason"].startswith("parked: mapping_failed")
    assert error["paths"] == ["outcome"]


def test_only_the_newest_so_many_are_looked_at(compare, came):
    told = compare(LIVE, newest="2")

    assert told["of"] == 2


@pytest.mark.parametrize(("asked", "looked_at"), [("", 3), ("0", 1), ("-1", 3), ("9" * 5000, 3), ("²", 3)])
def test_an_odd_number_of_events_is_no_error(compare, came, asked, looked_at):
    assert compare(LIVE, newest=asked)["of"] == looked_at


def test_it_goes_on_in_pieces_and_says_what_is_left(browse, came, monkeypatch):
    monkeypatch.setattr(import_module("console.pages.comparisons"), "IN_A_PIECE", 1)
    operator = browse("operator")

    page = operator.post("/mappings/shopify/comparisons", {"mapping": LIVE})

    assert "<strong>1 of 3</strong> events were looked at, 2 left" in page.text.replace("\n", " ")
    path = re.search(r'action="(/mappings/shopify/comparisons/\w+)"', page.text)[1]
    assert "2 of 3" in operator.post(path).text


def test_a_mapping_that_cannot_be_read_says_so_and_is_there_to_go_back_to(browse, came):
    operator = browse("operator")

    page = operator.post("/mappings/shopify/comparisons", {"mapping": "nonsense: <i>"})

    assert "mapping, line 1: no such key: nonsense" in page.text
    back = re.search(r'href="(/mappings/shopify/try\?comparison=\w+)"', page.text)[1]
    assert "nonsense: &lt;i&gt;" in operator.get(back).text


def test_comparing_is_noted_and_leaves_no_trace_of_itself_in_what_came(browse, compare, came, ledger, sandbox):
    before = {event.event_id: event.state for event in ledger.events.list()}

    compare(LIVE)

    deeds = browse("admin").get("/audit.json").json["deeds"]
    assert [deed["detail"] for deed in deeds if deed["action"] == "compared"] == ["over 3 events of shopify"]
    assert {event.event_id: event.state for event in ledger.events.list()} == before
    assert sandbox.records()["calls"] == {}


def test_an_event_that_takes_too_long_is_told_and_passed_by(compare, came):
    endless = f"reference_number: name == '#2' && match('{'a' * 60}!', '(?<n>(a+)+$)').n || name"

    told = compare(LIVE.replace("reference_number: name", endless, 1), newest="2")

    assert (told["counts"]["stuck"], told["looked_at"], told["left"]) == (1, 2, 0)
    [group] = [group for group in told["groups"] if group["verdict"] == "stuck"]
    assert "longer than 5 seconds" in group["reason"]


def test_an_event_that_is_kept_no_longer_is_passed_by(compare, came, redis):
    redis.delete(f"bh:event:{came['other']}")

    told = compare(LIVE)

    assert (told["counts"]["gone"], told["counts"]["same"]) == (1, 2)
    assert [event["event_id"] for group in told["groups"] for event in group["events"]] == [came["other"]]


@pytest.mark.parametrize("comparison_id", ["0123456789abcdef", "x", "../people"])
def test_a_comparison_that_is_not_there_is_said_so(browse, comparison_id):
    operator = browse("operator")

    assert operator.get(f"/mappings/shopify/comparisons/{comparison_id}").status_code == 404


def test_a_comparison_is_kept_for_an_hour(compare, came, redis):
    told = compare(LIVE)

    assert 0 < redis.ttl(f"bh:comparison:{told['id']}") <= 3600
    assert 0 < redis.ttl(f"bh:comparison:{told['id']}:found") <= 3600

"""Trying a mapping: what would come of a request by the text in the form, with nothing sent, recorded or gone live."""

import pytest

from tests.console.conftest import ORDER
from tests.scene import SOURCES, example

LIVE = (SOURCES["shopify"].folder / "mapping.yaml").read_text()
RATE = "rate: money(price)"
TOTAL = next(line.strip() for line in LIVE.splitlines() if "control_total:" in line)


@pytest.fixture
def attempt(browse):
    """Sends the form of a source's page as an operator; what the page's twin says."""
    operator = browse("operator")

    def send(source: str = "shopify", **fields: str) -> dict:
        form = {"from": "example", "example": "paid_order", "mapping": LIVE, **fields}
        answer = operator.send(f"/mappings/{source}/try.json", form, token=operator.token)
        assert answer.status_code == 200, answer.text
        return answer.json

    return send


def test_the_form_begins_with_the_live_mapping(browse):
    told = browse("operator").get("/mappings/shopify/try.json").json

    assert told["asked"]["mapping"] == LIVE
    assert told["outcome"] is None
    assert "paid_order" in told["examples"]


def test_an_example_shows_its_bodies_and_totals(attempt, sandbox, ledger):
    [event] = attempt()["outcome"]["events"]

    invoice = next(call["body"] for call in event["calls"] if call["title"] == "POST /invoices")
    assert invoice["reference_number"].startswith("#1001 bh-")
    assert invoice["line_items"][0]["rate"] == "49.50"
    assert [(each["total"], each["control_total"]) for each in event["computed"]] == [("114.38", "114.38")]
    assert sandbox.records()["calls"] == {}
    assert list(ledger.events.list()) == []


def test_the_page_shows_bodies_digit_for_digit(browse):
    operator = browse("operator")
    form = {"from": "example", "example": "paid_order", "mapping": LIVE}

    page = operator.send("/mappings/shopify/try", form, token=operator.token).text

    assert "&#34;rate&#34;: 49.50," in page
    assert "the sender's total is <strong>114.38 USD</strong>" in page


def test_a_mapping_that_cannot_be_read_says_in_which_line(attempt):
    line = LIVE.splitlines().index(f"          {RATE}") + 1

    [problem] = attempt(mapping=LIVE.replace(RATE, "rate: mony(price)", 1))["outcome"]["problems"]

    assert (problem["where"], problem["line"]) == ("mapping", line)
    assert all("no such function: mony(), did you mean money?" in words for words in problem["words"])
    assert len(problem["words"]) > 1
    assert [each["text"] for each in problem["excerpt"] if each["is_it"]] == ["          rate: mony(price)"]


def test_what_would_be_parked_says_code_field_and_line(attempt):
    line = LIVE.splitlines().index(f"          {RATE}") + 1

    [event] = attempt(mapping=LIVE.replace(RATE, "rate: money(prize)", 1))["outcome"]["events"]

    assert event["state"] == "parked"
    error = event["error"]
    assert (error["code"], error["field"], error["line"]) == ("mapping_failed", "invoice.lines[0].rate", line)


def test_a_total_that_does_not_come_out_shows_its_lines(attempt):
    [event] = attempt(mapping=LIVE.replace(TOTAL, "control_total: money('9.99')", 1))["outcome"]["events"]

    assert event["error"]["code"] == "total_differs"
    assert event["error"]["excerpt"][2]["text"].strip() == "control_total: money('9.99')"
    assert event["lines"][0]["rate"] == "49.50"


def test_what_would_be_ignored_says_why(attempt):
    [event] = attempt(example="test_order")["outcome"]["events"]

    assert (event["state"], event["reason"]) == ("ignored", "it is a test order")


def test_an_event_that_came_is_tried_as_its_connection_has_it_and_that_is_noted(attempt, browse, hooks):
    event_id = hooks.deliver(ORDER).json["event_id"]

    told = attempt(**{"from": "event", "event": event_id})

    assert told["outcome"]["connection"] == "shopify"
    assert told["outcome"]["events"][0]["state"] == "posted"
    deeds = browse("admin").get("/audit.json").json["deeds"]
    assert [deed["subject"] for deed in deeds if deed["action"] == "tried"] == [event_id]


def test_an_event_that_was_fetched_for_is_tried_with_the_answers_that_were_kept(attempt, hooks, worker):
    event_id = hooks.deliver(example("stripe/paid_session")).json["event_id"]
    worker.drain()
    mapping = (SOURCES["stripe"].folder / "mapping.yaml").read_text()

    told = attempt("stripe", **{"from": "event", "event": event_id, "mapping": mapping})

    assert [event["state"] for event in told["outcome"]["events"]] == ["posted"]


def test_a_request_is_pasted_with_headers_or_whole_as_examples_are(attempt):
    whole = (SOURCES["shopify"].folder / "examples" / "paid_order.request.json").read_text()
    parts = {"headers": "X-Shopify-Topic: orders/paid", "body": ORDER.body.decode()}

    pasted = [attempt(**{"from": "pasted"}, **fields)["outcome"]["events"] for fields in (parts, {"body": whole})]

    assert [[event["once_per"] for event in events] for events in pasted] == [["order:5900012345001"]] * 2


def test_a_form_is_pasted_as_examples_are(attempt):
    whole = (SOURCES["zoho_crm"].folder / "examples" / "deal_won.request.json").read_text()
    mapping = (SOURCES["zoho_crm"].folder / "mapping.yaml").read_text()

    [event] = attempt("zoho_crm", **{"from": "pasted", "body": whole, "mapping": mapping})["outcome"]["events"]

    assert event["state"] == "posted"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"from": "event", "event": ""}, "Say which event."),
        ({"from": "event", "event": "ev_nothing"}, "There is no such event"),
        ({"from": "example", "example": "../../x"}, "There is no example"),
        ({"from": "pasted", "body": " "}, "Paste a body."),
        ({"from": "pasted", "body": "{}", "headers": "no colon"}, "not written as Name: value"),
        ({"from": "pasted", "body": '{"form": "a=1"}'}, '"form" must hold fields'),
        ({"from": "pasted", "body": '{"raw": 5}'}, '"raw" must be a text'),
        ({"mapping": "x" * 250_001}, "at most 250,000 characters"),
    ],
)
def test_a_form_that_says_nothing_to_try_is_answered_in_words(attempt, fields, words):
    told = attempt(**fields)

    assert words in told["trouble"]
    assert told["outcome"] is None


def test_an_event_of_another_source_is_not_tried(attempt, hooks, worker):
    hooks.deliver(example("slack/expense"))
    event_id = worker.only_event().event_id

    assert "one of slack" in attempt(**{"from": "event", "event": event_id})["trouble"]


@pytest.mark.parametrize("body", ["", "[", "null", "\x00", '{"a":' * 2000, '{"headers": 1, "body": 2}', '"\\ud83d"'])
def test_a_body_that_is_none_would_be_parked(attempt, body):
    told = attempt(**{"from": "pasted", "body": body or "[]"})

    assert [event["state"] for event in told["outcome"]["events"]] == ["parked"]


def test_what_was_typed_is_kept_and_given_as_a_file(browse):
    operator = browse("operator")
    fields = {"mapping": "mine: <b>\r\n", "patch": "theirs: 1\r\n"}
    page = operator.send("/mappings/shopify/try", fields, token=operator.token).text
    files = [
        operator.send("/mappings/shopify/download", {**fields, "file": kind}, token=operator.token)
        for kind in ("mapping", "patch")
    ]

    assert "mine: &lt;b&gt;" in page
    assert [file.text for file in files] == ["mine: <b>\n", "theirs: 1\n"]
    assert files[0].headers["Content-Disposition"] == 'attachment; filename="mapping.yaml"'


def test_nothing_is_written_to_the_mapping(attempt):
    attempt(mapping=LIVE.replace(RATE, "rate: money('1.00')", 1))

    assert (SOURCES["shopify"].folder / "mapping.yaml").read_text() == LIVE


def test_a_request_of_several_events_shows_each(attempt):
    source = SOURCES["hubspot"]
    one = source.examples()[0].received.body.decode()
    mapping = (source.folder / "mapping.yaml").read_text()

    told = attempt("hubspot", **{"from": "pasted", "body": f"[{one}, {one}]", "mapping": mapping})

    assert len(told["outcome"]["events"]) == 2


@pytest.mark.parametrize(
    "pasted",
    [
        '{"raw": "\\ud800"}',
        '{"headers": {"X-Shopify-Topic": "orders/paid\\ud800"}, "body": {}}',
        f'{{"body": {"[" * 800}{"]" * 800}}}',
    ],
)
def test_what_cannot_be_written_out_is_said_so(attempt, pasted):
    told = attempt(**{"from": "pasted", "body": pasted})

    assert (told["outcome"], "unpaired surrogate" in told["trouble"]) == (None, True)


def test_half_a_character_that_a_mapping_makes_is_shown_as_a_question_mark(browse):
    operator = browse("operator")
    halved = LIVE.replace("reference_number: name", "reference_number: '`\"\\ud800\"`'", 1)

    page = operator.send("/mappings/shopify/try", {"example": "paid_order", "mapping": halved}, token=operator.token)

    assert page.status_code == 200
    assert "&#34;reference_number&#34;: &#34;? bh-" in page.text

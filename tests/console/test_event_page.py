"""The page of one event: what to do next, totals side by side, what was sent and what would be."""

import json
from dataclasses import replace

import pytest

from ledger.records import Trouble
from tests.console.conftest import ORDER, order
from tests.scene import example


@pytest.fixture
def environ(environ, tmp_path):
    file = tmp_path / "connections.yaml"
    file.write_text("connections:\n  slack:\n    expenses: {approval: always}\n")
    return {**environ, "BOOKHOOK_CONNECTIONS": str(file)}


@pytest.fixture
def deliver(hooks, worker):
    def deliver(sent) -> str:
        event_id = hooks.deliver(sent).json["event_id"]
        worker.drain()
        return event_id

    return deliver


@pytest.fixture
def look(browse):
    """What the page of an event tells an operator, in full or not."""
    browser = browse("operator")
    return lambda event_id, **asked: browser.get(f"/events/{event_id}.json", query_string=asked).json


def row(told, kind):
    return next(each for each in told["documents"] if each["kind"] == kind)


def test_equal_totals_stand_side_by_side(deliver, look, browse):
    event_id = deliver(ORDER)

    invoice = row(look(event_id), "invoice")

    assert [invoice[name] for name in ("control_total", "computed_total", "total")] == ["114.38"] * 3
    assert [invoice[name] for name in ("control_tax", "computed_tax", "tax_total")] == ["6.48"] * 3
    assert (invoice["verdict"], invoice["difference"]) == ("equal", None)
    assert "= equal" in browse("viewer").get(f"/events/{event_id}").text


def test_a_total_that_differs_before_anything_is_sent_is_plainly_marked(deliver, look, browse):
    event_id = deliver(order(7, total_price="999.00"))

    told = look(event_id)
    invoice = row(told, "invoice")

    assert [invoice[name] for name in ("control_total", "computed_total", "total")] == ["999.00", "114.38", None]
    assert (invoice["verdict"], invoice["difference"]) == ("differs", "-884.62")
    assert told["next"]["action"] == "retry"
    assert (told["bodies"]["trouble"]["code"], told["bodies"]["now"]) == ("total_differs", [])
    assert "≠ by -884.62" in browse("viewer").get(f"/events/{event_id}").text


def test_totals_are_computed_by_the_percentages_of_zohos_taxes(deliver, look):
    event_id = deliver(example("woocommerce/documented_order"))

    told = look(event_id)
    invoice = row(told, "invoice")

    assert told["error"]["message"].startswith("In Zoho the lines would come to 29.08 USD")
    assert [invoice[name] for name in ("control_total", "computed_total", "verdict")] == ["29.35", "29.08", "differs"]
    assert told["bodies"]["trouble"]["code"] == "total_differs"


def test_a_total_that_differs_in_zoho_is_offered_to_be_accepted_and_then_told_as_such(
    deliver, look, sandbox, worker, clock, browse
):
    sandbox.fault(on="POST /invoices", times=1, do="reset_after_saving")
    event_id = deliver(ORDER)
    sandbox.correct_invoice(sandbox.invoices[0], adjustment=-3)
    clock.advance(5)
    worker.drain()

    before = look(event_id)
    browse("operator").post(f"/events/{event_id}/accept")
    after = row(look(event_id), "invoice")

    assert (row(before, "invoice")["verdict"], row(before, "invoice")["difference"]) == ("differs", "-3.00")
    assert before["next"]["action"] == "accept"
    assert (after["verdict"], after["difference"], after["accepted_by"]) == ("accepted", "-3.00", "operator")


@pytest.mark.parametrize(
    ("state", "sentence", "action"),
    [
        ("posted", "Nothing: what it led to stands in Zoho.", None),
        ("awaiting_approval", "Somebody who may approve has to decide.", "decide"),
        ("queued", "Nothing: it waits for its turn.", None),
    ],
)
def test_the_one_thing_to_do_next_is_said(hooks, worker, look, ledger, state, sentence, action):
    sent = {"posted": ORDER, "awaiting_approval": example("slack/expense"), "queued": order(5)}[state]
    hooks.deliver(sent)
    if state != "queued":
        worker.drain()
    [event] = ledger.events.list()

    told = look(event.event_id)

    assert (told["state"], told["next"]) == (state, {"sentence": sentence, "action": action})


def test_bodies_are_those_that_zoho_received_hidden_until_somebody_looks(deliver, look, sandbox):
    event_id = deliver(ORDER)

    sent = look(event_id, reveal="yes")["bodies"]["sent"]
    hidden = look(event_id)["bodies"]["sent"]

    assert [each["title"] for each in sent] == ["POST /contacts", "POST /invoices", "POST /customerpayments"]
    [invoice] = sandbox.invoices
    assert sent[1]["body"]["reference_number"] == invoice["reference_number"]
    assert [line["name"] for line in sent[1]["body"]["line_items"]] == [line["name"] for line in invoice["line_items"]]
    assert hidden[1]["body"]["reference_number"] == "(text)"
    assert "Mara" not in json.dumps(hidden)


def test_what_would_be_sent_now_is_shown_for_what_waits_for_a_person(deliver, look):
    event_id = deliver(order(3, currency="KZT"))

    told = look(event_id, reveal="yes")

    assert (told["state"], told["error"]["code"]) == ("parked", "unknown_currency")
    assert [each["title"] for each in told["bodies"]["now"]][:2] == [
        "POST /contacts, unless it is there",
        "POST /invoices",
    ]
    assert told["bodies"]["now"][1]["body"]["customer_name"] == "Mara Lindqvist"
    assert told["bodies"]["trouble"] is None


def test_where_it_cannot_be_made_the_error_says_where(deliver, look):
    event_id = deliver(order(8, line_items=[{"title": "Chair", "quantity": 1}]))

    told = look(event_id)

    assert told["bodies"]["now"] == []
    assert told["bodies"]["trouble"] == told["error"]
    assert told["error"]["field"]


def test_what_has_to_be_fetched_first_is_said_and_asked_of_nobody(hooks, look):
    event_id = hooks.deliver(example("stripe/paid_session")).json["event_id"]

    told = look(event_id)["bodies"]["trouble"]

    assert told["code"] == "not_fetched"
    assert "api.stripe.com" in told["message"]


def test_a_body_in_doubt_is_shown_as_such(deliver, look, sandbox):
    sandbox.fault(on="POST /invoices", times=1, do="answer_500")
    event_id = deliver(ORDER)

    told = look(event_id)

    assert ("invoice", "not known yet whether Zoho has it") in {(b["title"], b["note"]) for b in told["bodies"]["sent"]}
    assert row(told, "invoice")["verdict"] is None


def test_an_event_that_killed_its_workers_is_not_rehearsed(deliver, look, ledger):
    event_id = deliver(order(8))
    ledger.undoing.park(event_id, Trouble(code="poison", message="Its worker died."))

    assert look(event_id)["bodies"]["trouble"]["code"] == "poison"


def test_an_event_of_a_connection_that_is_gone_is_shown(deliver, look, ledger):
    event_id = deliver(order(8, line_items=[], shipping_lines=[]))
    ledger.redis.hset(f"bh:event:{event_id}", "source", "another")

    assert look(event_id)["bodies"]["trouble"]["code"] == "not_configured"


@pytest.mark.parametrize("levels", [65, 500, 5000, 400_000])
@pytest.mark.parametrize("address", ["", ".json", "?reveal=yes", ".json?reveal=yes"])
def test_a_body_that_is_nested_without_end_is_looked_at_all_the_same(deliver, browse, levels, address):
    event_id = deliver(replace(ORDER, body=b'{"id": 7, "note": ' + b"[" * levels + b"]" * levels + b"}"))

    answer = browse("operator").get(f"/events/{event_id}{address}")

    assert answer.status_code == 200
    assert ("[" * 65 in answer.text) == ("reveal" in address)

"""Deals of CRMs, through the front door: won, lost after all, won again; and what nobody could invoice."""

import json
from dataclasses import replace

import pytest

from cli.examples import sign
from cli.stand_ins import expect
from tests.scene import PUBLIC_URL, SOURCES, example, two_secrets


def changed(case: str, event_id: str, **data: object):
    """The example of Close as another event about the same opportunity."""
    found = example(f"close/{case}")
    body = json.loads(found.body)
    body["event"] |= {"id": event_id}
    body["event"]["data"] |= data
    return replace(found, body=json.dumps(body).encode())


def in_turn(hooks, worker, *events) -> list[str]:
    """The states the events end in, each worked on before the next comes."""
    states = []
    for each in events:
        event_id = hooks.deliver(each).json["event_id"]
        worker.drain()
        states.append(worker.event(event_id).state)
    return states


def test_an_opportunity_that_is_lost_is_voided_and_counts_again_once_it_is_won_again(hooks, worker, sandbox):
    won, lost = example("close/opportunity_won"), example("close/opportunity_lost")
    reopened = changed("opportunity_won", "ev_3", status_type="active", date_updated="2026-03-10T08:00:00+00:00")
    again = changed("opportunity_won", "ev_4", date_updated="2026-03-11T08:00:00+00:00")

    assert in_turn(hooks, worker, won, lost) == ["posted", "posted"]
    assert [each["status"] for each in sandbox.invoices] == ["void"]
    assert in_turn(hooks, worker, reopened) == ["ignored"]
    assert [each["status"] for each in sandbox.invoices] == ["void"]
    assert in_turn(hooks, worker, again) == ["posted"]
    assert [(each["status"], each["total"]) for each in sandbox.invoices] == [("draft", 1250.5)]


def test_an_opportunity_that_is_lost_before_it_is_told_as_won_stays_lost(hooks, worker, sandbox):
    lost, won = example("close/opportunity_lost"), example("close/opportunity_won")

    assert in_turn(hooks, worker, lost, won) == ["ignored", "posted"]
    assert [each["status"] for each in sandbox.invoices] == ["void"]


def test_another_value_after_it_was_invoiced_is_a_conflict(hooks, worker, sandbox):
    raised = changed("opportunity_won", "ev_2", value=130000, date_updated="2026-03-03T08:00:00+00:00")

    assert in_turn(hooks, worker, example("close/opportunity_won"), raised) == ["posted", "parked"]
    assert [each["total"] for each in sandbox.invoices] == [1250.5]


def test_a_value_that_is_entered_late_is_posted_by_itself(hooks, worker, sandbox):
    entered = changed("won_without_value", "ev_2", value=99900, date_updated="2026-03-03T08:00:00+00:00")

    assert in_turn(hooks, worker, example("close/won_without_value"), entered) == ["parked", "posted"]
    assert [each["total"] for each in sandbox.invoices] == [999.0]


def test_a_request_of_hubspot_with_several_deals_makes_an_invoice_of_each(hooks, worker, sandbox, clock):
    source = SOURCES["hubspot"]
    cases = [example(f"hubspot/{case}") for case in ("deal_won", "another_object", "newer_subscription", "still_open")]
    for each in cases:
        expect(sandbox.url, source, each)
    bodies = [each.body[1:-1] for each in cases]
    batch = replace(cases[0], body=b"[" + b",".join(bodies) + b"]")

    def deliver():
        request = sign(source, batch, two_secrets(source)[0], timestamp=clock(), public_url=PUBLIC_URL)
        return hooks.send("hubspot", request)

    first, again = deliver(), deliver()
    worker.drain()

    assert [each["status"] for each in first.json["events"]] == ["queued", "ignored", "queued", "queued"]
    assert {each["status"] for each in again.json["events"]} == {"duplicate"}
    states = [worker.event(each["event_id"]).state for each in first.json["events"]]
    assert states == ["posted", "ignored", "posted", "ignored"]
    assert sorted(each["total"] for each in sandbox.invoices) == [99.9, 4800]


def test_what_counts_of_a_deal_is_how_it_stands_when_it_is_fetched(hooks, worker, sandbox):
    won, lost = example("hubspot/deal_won"), example("hubspot/deal_lost")

    hooks.deliver(won)
    hooks.deliver(lost)  # fetched, both events now find it lost
    worker.drain()

    assert sorted(each.state for each in worker.desk.ledger.events.list()) == ["ignored", "ignored"]
    assert sandbox.invoices == []


def of_salesforce(*cases: str, session: str = "<SessionId>00D!session</SessionId>"):
    """A message with what the examples notify of, and a session."""
    first, *others = [example(f"salesforce/{case}") for case in cases]
    notes = [each.body.split(b"<Notification>")[1].split(b"</Notification>")[0] for each in others]
    more = b"".join(b"<Notification>" + each + b"</Notification>" for each in notes)
    body = first.body.replace(b'<SessionId xsi:nil="true"/>', session.encode())
    return replace(first, body=body.replace(b"</notifications>", more + b"</notifications>"))


def test_a_message_of_salesforce_is_acknowledged_as_it_wants_once_all_of_it_is_recorded(hooks, worker, sandbox):
    message = of_salesforce("opportunity_won", "still_open", "won_without_amount", "opportunity_lost")

    first, again = hooks.deliver(message), hooks.deliver(message)
    worker.drain()

    for answer in (first, again):
        assert (answer.status_code, answer.content_type.split(";")[0]) == (200, "text/xml")
        assert "<Ack>true</Ack>" in answer.text
    events = list(worker.desk.ledger.events.list())
    assert sorted(each.state for each in events) == ["ignored", "parked", "posted", "posted"]
    assert [each["status"] for each in sandbox.invoices] == ["void"]
    assert not any(b"session" in each.body for each in events)


def test_a_message_of_salesforce_that_cannot_be_read_is_acknowledged_and_parked(hooks, worker):
    answer = hooks.deliver(replace(example("salesforce/opportunity_won"), body=b"<notifications>"))
    worker.drain()

    assert "<Ack>true</Ack>" in answer.text
    assert worker.only_event().state == "parked"


@pytest.mark.parametrize(
    ("source", "written", "later"),
    [
        ("freshsales", b"02-03-2026 16:59:48", b"10-03-2026 09:00:00"),
        ("zoho_crm", b"2026-03-02T17%3A04%3A11", b"2026-03-10T09%3A00%3A00"),
    ],
)
def test_a_deal_that_is_won_again_counts_again_also_where_its_own_times_cannot_be_read(
    source, written, later, hooks, worker, sandbox, clock
):
    won, lost = example(f"{source}/deal_won"), example(f"{source}/deal_lost")
    again = replace(won, body=won.body.replace(written, later))

    for each, status in ((won, "draft"), (lost, "void"), (again, "draft")):
        clock.advance(60)
        assert in_turn(hooks, worker, each) == ["posted"]
        assert [invoice["status"] for invoice in sandbox.invoices] == [status]

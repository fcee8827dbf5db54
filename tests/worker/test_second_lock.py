"""A custom field that takes no value twice keeps a document single even when the ledger has forgotten it."""

import json

import pytest
import requests

from cli.deployment import read_deployment
from cli.desk import open_desk
from sandbox import make_server
from sandbox.answers import wrong_value
from tests.scene import Sandbox, Worker, example
from tests.serving import serving

SETTLE = 130
FIELD = "cf_bookhook"


@pytest.fixture
def sandbox(clock):
    """A sandbox that lives by the test's clock, with the unique field set up."""
    server = make_server("127.0.0.1", 0, clock=clock)
    with serving(server), requests.Session() as session:
        held = Sandbox(f"http://127.0.0.1:{server.server_port}", session)
        held.have_custom_field(FIELD)
        yield held


@pytest.fixture
def environ(environ):
    return {**environ, "ZOHO_UNIQUE_FIELD": FIELD, "ZOHO_TIMEOUT_SECONDS": "1", "BOOKHOOK_PAYMENTS": "none"}


def deliver(hooks, name: str) -> str:
    return hooks.deliver(example(name)).json["event_id"]


def forget_what_stands(redis) -> None:
    """As in a ledger that lost these records and does not know it."""
    for key in [*redis.scan_iter("bh:document:*"), *redis.scan_iter("bh:seen:*")]:
        redis.delete(key)


KINDS = pytest.mark.parametrize(("name", "kind"), [("shopify/paid_order", "invoice"), ("standard/expense", "expense")])


@KINDS
def test_the_marker_is_in_the_reference_number_and_in_the_unique_field(hooks, worker, sandbox, name, kind):
    deliver(hooks, name)
    worker.drain()

    [document] = sandbox.records()[f"{kind}s"]
    marker = document["reference_number"].split()[-1]
    assert marker.startswith("bh-")
    assert document["custom_fields"] == [{"api_name": FIELD, "value": marker}]


@KINDS
def test_what_the_ledger_forgot_is_taken_and_not_posted_again(hooks, worker, sandbox, redis, name, kind):
    deliver(hooks, name)
    worker.drain()
    forget_what_stands(redis)

    event_id = deliver(hooks, name)
    worker.drain()

    [document] = sandbox.records()[f"{kind}s"]
    assert worker.event(event_id).state == "posted", worker.event(event_id).error
    assert worker.documents(event_id)[kind].zoho_id == document[f"{kind}_id"]


def test_what_is_not_shown_yet_is_waited_for(hooks, worker, sandbox, clock, redis):
    sandbox.fault(on="POST /invoices", do="hide_from_search", seconds=60)
    deliver(hooks, "shopify/paid_order")
    worker.drain()
    forget_what_stands(redis)

    event_id = deliver(hooks, "shopify/paid_order")
    worker.drain()
    assert (worker.event(event_id).state, worker.event(event_id).reason) == ("waiting", "outcome_unknown")

    clock.advance(SETTLE)
    worker.drain()
    assert worker.event(event_id).state == "posted"
    assert len(sandbox.invoices) == 1


def test_what_is_never_shown_is_for_a_person_and_is_found_once_its_reference_is_put_back(
    hooks, worker, sandbox, clock, redis
):
    deliver(hooks, "shopify/paid_order")
    worker.drain()
    [invoice] = sandbox.invoices
    sandbox.correct_invoice(invoice, reference_number="changed by hand")
    forget_what_stands(redis)

    event_id = deliver(hooks, "shopify/paid_order")
    for _ in range(3):
        worker.drain()
        clock.advance(SETTLE)
    event = worker.event(event_id)
    assert (event.state, event.error.code) == ("parked", "marker_taken")
    assert invoice["reference_number"].split()[-1] in event.error.message

    sandbox.correct_invoice(invoice)
    worker.desk.ledger.events.requeue(event_id)
    worker.drain()
    assert worker.event(event_id).state == "posted"
    assert len(sandbox.invoices) == 1


def test_what_a_bookkeeper_changed_stays_as_it_is(hooks, worker, sandbox, redis):
    deliver(hooks, "shopify/paid_order")
    worker.drain()
    sandbox.correct_invoice(sandbox.invoices[0], notes="Paid in cash")
    [before] = sandbox.invoices
    forget_what_stands(redis)

    deliver(hooks, "shopify/paid_order")
    worker.drain()

    assert sandbox.invoices == [before]
    assert sandbox.calls["PUT /invoices/:id"] == 1  # the bookkeeper's


def test_a_refusal_for_another_reason_is_parked_as_it_is(hooks, worker, sandbox, monkeypatch):
    def refuse(_body):
        raise wrong_value("The period is locked.")

    monkeypatch.setattr("sandbox.invoices.bill", refuse)
    event_id = deliver(hooks, "shopify/paid_order")
    worker.drain()

    event = worker.event(event_id)
    assert (event.state, event.error.code) == ("parked", "zoho_rejected")
    assert "The period is locked." in event.error.message
    assert sandbox.calls["POST /invoices"] == 1


def test_a_body_frozen_before_the_field_was_set_up_is_refused_as_ever(hooks, worker, sandbox, ledger, clock, environ):
    without = {name: value for name, value in environ.items() if name != "ZOHO_UNIQUE_FIELD"}
    before = Worker(open_desk(read_deployment(without), ledger, report=worker.reported.append), worker.redis, [])
    sandbox.fault(on="POST /invoices", do="answer_500")
    event_id = deliver(hooks, "shopify/paid_order")
    before.drain()
    assert "custom_fields" not in json.loads(worker.documents(event_id)["invoice"].frozen_body)

    for _ in range(2):
        clock.advance(SETTLE)
        worker.drain()

    [invoice] = sandbox.invoices
    assert worker.event(event_id).state == "posted"
    assert "custom_fields" not in invoice

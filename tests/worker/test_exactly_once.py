"""One document per order, whatever Zoho answers; Zoho's troubles come from the sandbox."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from cli.deployment import read_deployment
from cli.desk import open_desk
from tests.scene import Worker, example
from zoho.books import Books

ORDER = example("shopify/paid_order")
SETTLE = 130


@pytest.fixture
def environ(environ):
    return {**environ, "ZOHO_TIMEOUT_SECONDS": "1", "BOOKHOOK_PAYMENTS": "none"}


def deliver(hooks, order=ORDER) -> str:
    return hooks.deliver(order).json["event_id"]


def with_changes(**changes):
    """The same order in a body of its own."""
    return replace(ORDER, body=json.dumps({**json.loads(ORDER.body), **changes}).encode(), headers=new_delivery())


def new_delivery():
    return {name: value for name, value in ORDER.headers.items() if "Id" not in name}


def steps(worker, event_id):
    return [step.step for step in worker.desk.ledger.events.timeline(event_id)]


def test_ids_number_total_and_link_are_recorded(hooks, worker, sandbox):
    event_id = deliver(hooks)
    worker.drain()

    [invoice] = sandbox.invoices
    record = worker.documents(event_id)["invoice"]
    assert (record.zoho_id, record.number) == (invoice["invoice_id"], invoice["invoice_number"])
    assert str(record.total) == ORDER.expected["document"]["total"]
    assert record.url.endswith(f"#/invoices/{invoice['invoice_id']}")
    assert steps(worker, event_id) == ["received", "contact_created", "invoice_created", "posted"]


def test_the_reference_number_is_the_order_number_and_the_marker(hooks, worker, sandbox):
    deliver(hooks)
    worker.drain()

    number, marker = sandbox.invoices[0]["reference_number"].rsplit(" ", 1)
    assert number == json.loads(ORDER.body)["name"]
    assert marker.startswith("bh-")
    assert len(marker) == 15


def test_a_known_customers_order_costs_one_call(hooks, worker, sandbox):
    deliver(hooks)
    worker.drain()
    before = sandbox.calls

    deliver(hooks, with_changes(id=2, name="#1002"))
    worker.drain()

    after = sandbox.calls
    assert {call: after[call] - before.get(call, 0) for call in after if after[call] != before.get(call, 0)} == {
        "POST /invoices": 1
    }


def test_a_new_body_for_the_same_order_ends_with_the_same_invoice(hooks, worker, sandbox):
    first = deliver(hooks)
    worker.drain()

    second = deliver(hooks, with_changes(note="gift wrap, please"))
    worker.drain()

    assert second != first
    assert worker.event(second).state == "posted"
    assert worker.documents(second)["invoice"] == worker.documents(first)["invoice"]
    assert len(sandbox.invoices) == 1


def test_a_later_event_with_other_amounts_is_a_conflict_and_changes_nothing(hooks, worker, sandbox):
    deliver(hooks)
    worker.drain()
    before = sandbox.invoices
    line = {**json.loads(ORDER.body)["line_items"][0], "quantity": 7}

    second = deliver(hooks, with_changes(line_items=[line], total_price="999.00"))
    worker.drain()

    assert (worker.event(second).state, worker.event(second).error.code) == ("parked", "conflict")
    assert "999.00" in worker.event(second).error.message
    assert sandbox.invoices == before


@pytest.mark.parametrize("call", ["POST /contacts", "POST /invoices"])
def test_what_was_saved_before_a_time_out_is_found_not_posted_again(hooks, worker, sandbox, clock, call):
    sandbox.fault(on=call, times=1, do="timeout_after_saving", seconds=1.5)
    event_id = deliver(hooks)
    worker.drain()
    assert worker.event(event_id).state == "waiting"
    assert worker.event(event_id).reason == "outcome_unknown"

    clock.advance(5)
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert "found_after_doubt" in steps(worker, event_id)
    assert (len(sandbox.contacts), len(sandbox.invoices)) == (1, 1)


@pytest.mark.parametrize("call", ["POST /contacts", "POST /invoices"])
@pytest.mark.parametrize("fault", ["answer_500", "answer_html_502", "reset", "reset_after_saving"])
def test_after_an_unclear_answer_there_is_one_document_in_the_end(hooks, worker, sandbox, clock, call, fault):
    sandbox.fault(on=call, times=1, do=fault)
    event_id = deliver(hooks)
    worker.drain()
    assert worker.event(event_id).state == "waiting"

    for _ in range(3):
        clock.advance(SETTLE)
        worker.drain()

    assert worker.event(event_id).state == "posted"
    assert (len(sandbox.contacts), len(sandbox.invoices)) == (1, 1)


def test_what_is_absent_is_not_posted_again_before_it_has_settled(hooks, worker, sandbox, clock):
    sandbox.fault(on="POST /invoices", times=1, do="answer_500")
    event_id = deliver(hooks)
    worker.drain()

    clock.advance(100)
    worker.drain()
    assert worker.event(event_id).state == "waiting"
    assert sandbox.calls["POST /invoices"] == 1

    clock.advance(SETTLE)
    worker.drain()
    assert worker.event(event_id).state == "posted"
    assert sandbox.calls["POST /invoices"] == 2


def test_a_second_try_sends_the_same_body(hooks, worker, sandbox, clock, monkeypatch):
    sandbox.fault(on="POST /invoices", times=1, do="answer_500")
    event_id = deliver(hooks)
    worker.drain()
    frozen = worker.documents(event_id)["invoice"].frozen_body

    clock.advance(5)
    worker.drain()
    assert worker.documents(event_id)["invoice"].frozen_body == frozen
    clock.advance(SETTLE)
    sent = []
    post = Books.post
    monkeypatch.setattr(
        Books, "post", lambda books, kind, body, **more: sent.append(body) or post(books, kind, body, **more)
    )
    worker.drain()

    assert sent == [frozen]
    assert worker.documents(event_id)["invoice"].state == "posted"
    assert worker.documents(event_id)["invoice"].frozen_body is None


def test_a_worker_that_died_after_saving_leaves_nothing_doubled(hooks, worker, sandbox, clock, ledger, monkeypatch):
    event_id = deliver(hooks)

    class Killed(BaseException):
        """Ends the worker as a kill would: nothing after the call runs."""

    def die(*_args, **_kwargs):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("worker.posting._record_posted", die)
        with pytest.raises(Killed):
            worker.work_here(event_id)
    assert worker.event(event_id).state == "working"

    for _ in range(3):
        clock.advance(SETTLE)
        worker.drain()

    assert worker.event(event_id).state == "posted"
    assert (len(sandbox.contacts), len(sandbox.invoices)) == (1, 1)


@pytest.mark.parametrize("fault", ["answer_429_44", "answer_429_45", "answer_429_1070"])
def test_a_refusal_for_quota_waits_as_long_as_it_asks_and_then_posts(hooks, worker, sandbox, clock, fault):
    sandbox.fault(on="POST /invoices", times=1, do=fault)
    event_id = deliver(hooks)
    worker.drain()
    waiting = worker.event(event_id)
    assert (waiting.state, waiting.reason) == ("waiting", "quota_exhausted")

    clock.advance(2 * 86400)
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert len(sandbox.invoices) == 1


def test_an_expired_token_is_refreshed_once_in_passing(hooks, worker, sandbox):
    sandbox.fault(on="POST /invoices", times=1, do="expire_tokens")

    event_id = deliver(hooks)
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert worker.event(event_id).attempts == 1


def test_a_cent_of_rounding_becomes_an_adjustment_that_says_so(hooks, worker, sandbox):
    total = Decimal(json.loads(ORDER.body)["total_price"])
    event_id = deliver(hooks, with_changes(total_price=f"{total + Decimal('0.01')}"))
    worker.drain()

    [invoice] = sandbox.invoices
    assert worker.event(event_id).state == "posted"
    assert (str(invoice["total"]), str(invoice["adjustment"])) == (f"{total + Decimal('0.01')}", "0.01")
    assert "Rounding" in invoice["adjustment_description"]
    assert "adjusted" in steps(worker, event_id)


def test_a_total_that_will_differ_is_parked_with_both_numbers_before_anything_is_sent(hooks, worker, sandbox):
    total = json.loads(ORDER.body)["total_price"]
    event_id = deliver(hooks, with_changes(total_price="999.00"))
    worker.drain()

    event = worker.event(event_id)
    assert (event.state, event.error.code) == ("parked", "total_differs")
    assert total in event.error.message
    assert "999.00" in event.error.message
    assert (sandbox.invoices, sandbox.contacts) == ([], [])


@pytest.fixture
def differing(hooks, worker, sandbox, clock):
    """An order whose invoice a bookkeeper changed while Zoho's answer was lost."""
    sandbox.fault(on="POST /invoices", times=1, do="reset_after_saving")
    event_id = deliver(hooks)
    worker.drain()
    sandbox.correct_invoice(sandbox.invoices[0], adjustment=-3)
    clock.advance(5)
    worker.drain()
    return event_id


def test_a_total_that_differs_in_zoho_is_parked_as_a_draft_and_compared_again(worker, sandbox, differing):
    event = worker.event(differing)
    assert (event.state, event.error.code) == ("parked", "total_differs")
    assert [invoice["status"] for invoice in sandbox.invoices] == ["draft"]

    worker.desk.ledger.events.requeue(differing)
    worker.drain()

    assert (worker.event(differing).state, worker.event(differing).error.code) == ("parked", "total_differs")
    assert sandbox.calls["POST /invoices"] == 1


def test_a_draft_corrected_in_zoho_is_accepted_on_retry(worker, sandbox, differing):
    sandbox.correct_invoice(sandbox.invoices[0], adjustment=0)

    worker.desk.ledger.events.requeue(differing)
    worker.drain()

    assert worker.event(differing).state == "posted"
    assert str(worker.documents(differing)["invoice"].total) == json.loads(ORDER.body)["total_price"]
    assert sandbox.calls["POST /invoices"] == 1


def test_an_unknown_tax_parks_naming_it_and_posts_once_it_exists(hooks, worker, sandbox, clock):
    lines = [
        {**line, "tax_lines": [{"title": "CA State Tax", "price": "1.00", "rate": 0.1}]}
        for line in json.loads(ORDER.body)["line_items"]
    ]
    event_id = deliver(hooks, with_changes(line_items=lines))
    worker.drain()

    event = worker.event(event_id)
    assert (event.state, event.error.code) == ("parked", "unknown_tax")
    assert "CA State Tax" in event.error.message
    assert sandbox.invoices == []


def test_a_taken_display_name_never_makes_us_adopt_someone_else(hooks, worker, sandbox, clock):
    deliver(hooks)
    worker.drain()
    body = json.loads(ORDER.body)
    other = {"email": "other@example.com", "customer": {**body["customer"], "id": 99, "email": "other@example.com"}}

    deliver(hooks, with_changes(id=2, name="#1002", **other))
    worker.drain()
    clock.advance(6)
    worker.drain()

    first, second = sandbox.contacts
    assert first["contact_name"] in second["contact_name"]
    assert "other@example.com" in second["contact_name"]
    assert {invoice["customer_id"] for invoice in sandbox.invoices} == {first["contact_id"], second["contact_id"]}


def test_one_buyer_in_two_currencies_has_a_contact_for_each(hooks, worker, sandbox, clock):
    deliver(hooks)
    worker.drain()

    event_id = deliver(hooks, with_changes(id=2, name="#1002", currency="EUR"))
    worker.drain()
    clock.advance(6)
    worker.drain()

    assert worker.event(event_id).state == "posted", worker.event(event_id).error
    assert sorted(contact["currency_code"] for contact in sandbox.contacts) == ["EUR", "USD"]


def test_a_revoked_grant_parks_nothing_and_all_goes_on_after_reconnection(hooks, worker, environ, ledger, clock):
    revoked = read_deployment({**environ, "ZOHO_REFRESH_TOKEN": "revoked"})
    cut_off = Worker(open_desk(revoked, ledger, report=worker.reported.append), worker.redis, worker.reported)
    event_id = deliver(hooks)
    cut_off.drain()
    assert (worker.event(event_id).state, worker.event(event_id).reason) == ("waiting", "organization_paused")

    clock.advance(600)
    worker.drain()

    assert worker.event(event_id).state == "posted"


def test_an_unexpected_fault_parks_the_event_and_is_reported(hooks, worker, monkeypatch):
    def fail(*_args, **_kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("worker.work.settle_order", fail)
    event_id = deliver(hooks)
    worker.drain()

    assert (worker.event(event_id).state, worker.event(event_id).error.code) == ("parked", "internal")
    assert [type(error) for error in worker.reported] == [ZeroDivisionError]

"""What stands after a doubt, and whose amounts it carries; one order may come in several versions meanwhile."""

import json
from dataclasses import replace

import pytest
import requests

from tests.scene import Worker, example

ORDER = example("shopify/paid_order")
BODY = json.loads(ORDER.body)
SETTLE = 130


@pytest.fixture
def environ(environ):
    return {**environ, "ZOHO_TIMEOUT_SECONDS": "1", "BOOKHOOK_PAYMENTS": "none"}


def version(**changes):
    headers = {name: value for name, value in ORDER.headers.items() if "Id" not in name}
    return replace(ORDER, body=json.dumps({**BODY, **changes}).encode(), headers=headers)


def deliver(hooks, order=ORDER) -> str:
    return hooks.deliver(order).json["event_id"]


OTHER_TOTAL = {"line_items": [{**BODY["line_items"][0], "quantity": 7}], "total_price": "999.00"}
SAME_TOTAL_OTHER_LINES = {
    "line_items": [
        {
            **BODY["line_items"][0],
            "quantity": 1,
            "price": BODY["total_price"],
            "tax_lines": [],
            "discount_allocations": [],
        }
    ],
    "shipping_lines": [],
}


@pytest.mark.parametrize("changes", [OTHER_TOTAL, SAME_TOTAL_OTHER_LINES], ids=["other total", "same total"])
@pytest.mark.parametrize("fault", ["timeout_after_saving", "answer_500"])
def test_another_version_that_settles_a_doubt_is_the_conflict(hooks, worker, sandbox, clock, changes, fault):
    sandbox.fault(on="POST /invoices", times=1, do=fault, seconds=1.5)
    first = deliver(hooks)
    worker.drain()
    second = deliver(hooks, version(**changes))
    worker.drain()
    for _ in range(4):
        clock.advance(SETTLE)
        worker.work_here(second)
        worker.drain()

    assert worker.event(first).state == "posted"
    assert (worker.event(second).state, worker.event(second).error.code) == ("parked", "conflict")
    assert len(sandbox.invoices) == 1
    assert str(worker.documents(first)["invoice"].control_total) == BODY["total_price"]


def test_a_second_try_that_is_refused_leaves_the_doubt(hooks, worker, sandbox, clock):
    sandbox.fault(on="POST /invoices", times=1, do="answer_500")
    event_id = deliver(hooks)
    worker.drain()
    clock.advance(5)
    worker.drain()
    frozen = worker.documents(event_id)["invoice"].frozen_body
    sandbox.fault(on="POST /invoices", times=1, do="answer_429_44")
    clock.advance(SETTLE)
    worker.drain()
    looks = sandbox.calls["GET /invoices"]

    record = worker.documents(event_id)["invoice"]
    assert (record.state, record.frozen_body) == ("unknown", frozen)

    clock.advance(SETTLE)
    worker.drain()
    assert worker.event(event_id).state == "posted"
    assert sandbox.calls["GET /invoices"] > looks


def test_an_event_whose_source_is_gone_says_so(hooks, worker):
    event_id = deliver(hooks)
    left = {name: source for name, source in worker.desk.sources.items() if name != "shopify"}
    without = Worker(replace(worker.desk, sources=left), worker.redis, worker.reported)

    without.drain()

    assert worker.event(event_id).error.code == "not_configured"
    assert worker.reported == []


def test_a_wrong_tax_inside_a_right_total_is_parked(hooks, worker, sandbox):
    included = example("shopify/taxes_included")
    body = json.loads(included.body)
    lines = [
        {**line, "tax_lines": [{**tax, "price": "1.00"} for tax in line["tax_lines"]]} for line in body["line_items"]
    ]

    event_id = deliver(hooks, replace(included, body=json.dumps({**body, "line_items": lines}).encode()))
    worker.drain()

    event = worker.event(event_id)
    assert (event.state, event.error.code) == ("parked", "tax_differs")
    assert "nothing was sent" in event.error.message
    assert (sandbox.invoices, sandbox.contacts) == ([], [])


def test_an_answer_that_cannot_be_written_does_not_hide_the_document(hooks, worker, sandbox, monkeypatch):
    hooks.deliver(example("slack/expense"))
    event_id = worker.only_event().event_id
    monkeypatch.setattr("outbound.answers.requests.Session.post", broken)

    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert worker.documents(event_id)["answer"].state == "unknown"
    assert len(sandbox.expenses) == 1


def broken(*_args, **_options):
    raise requests.ConnectionError


def test_an_order_number_cannot_pass_for_another_orders_invoice(hooks, worker, sandbox, clock):
    victim = deliver(hooks)
    worker.drain()
    [stolen] = [invoice["reference_number"].split()[-1] for invoice in sandbox.invoices]

    deliver(hooks, version(id=99, name=f"A1 {stolen}"))
    worker.drain()

    books = worker.desk.books["10000001"]
    assert [found.zoho_id for found in books.find_by_marker("invoice", stolen, reference_number=f"A1 {stolen}")] == [
        worker.documents(victim)["invoice"].zoho_id
    ]


def test_a_buyer_cannot_take_the_place_of_the_walk_in_customer(hooks, worker, sandbox):
    names = {"first_name": "Walk-in customer", "last_name": "(shopify, USD)"}
    deliver(hooks, version(customer={**BODY["customer"], **names, "email": "mallory@example.com"}, email=None))
    worker.drain()
    guest = {"customer": None, "email": None, "contact_email": None, "phone": None, "billing_address": None}

    event_id = deliver(hooks, version(id=2, name="#2", **guest))
    worker.drain()

    assert worker.event(event_id).state in ("posted", "waiting")
    shared = worker.documents(event_id).get("contact")
    assert shared is None or shared.zoho_id != sandbox.contacts[0]["contact_id"]


def test_back_off_grows_with_failures_only(hooks, worker, sandbox, clock):
    event_id = deliver(hooks)
    sandbox.fault(on="POST /invoices", times=5, do="answer_429_1070")
    for _ in range(6):
        worker.drain()
        clock.advance(200)

    assert worker.event(event_id).state == "posted"
    assert worker.event(event_id).failures == 0

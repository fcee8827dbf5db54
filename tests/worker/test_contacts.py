"""One contact for one buyer, whatever happens to it in Zoho, whatever its name, however many orders come at once."""

import json
import threading
from dataclasses import replace

import pytest
import requests
from flask import g

from sandbox import make_server
from sandbox.answers import wrong_value
from sandbox.call import keep, world
from tests.scene import Sandbox, example
from tests.serving import serving

ORDER = example("shopify/paid_order")
BODY = json.loads(ORDER.body)
NAME, EMAIL = "Mara Lindqvist", "mara.lindqvist@example.com"
SETTLE = 130
LOOK_AGAIN = 6


@pytest.fixture
def sandbox(clock):
    """A sandbox that lives by the test's clock: what it hides comes to light when the clock is moved."""
    server = make_server("127.0.0.1", 0, clock=clock)
    with serving(server), requests.Session() as session:
        yield Sandbox(f"http://127.0.0.1:{server.server_port}", session)


@pytest.fixture
def environ(environ):
    return {**environ, "ZOHO_TIMEOUT_SECONDS": "1", "BOOKHOOK_PAYMENTS": "none"}


def deliver(hooks, number: int, **changes) -> str:
    """The id of the event of an order of the same buyer."""
    body = {**BODY, "id": number, "name": f"#{number}", **changes}
    headers = {name: value for name, value in ORDER.headers.items() if "Id" not in name}
    return hooks.deliver(replace(ORDER, body=json.dumps(body).encode(), headers=headers)).json["event_id"]


def deliver_expense(hooks, number: int) -> str:
    """The id of the event of an expense at one vendor."""
    spent = example("standard/expense")
    body = json.loads(spent.body)
    body["data"] |= {"id": f"exp-{number}", "vendor": "Harbour Taxi"}
    headers = {**spent.headers, "webhook-id": f"msg_{number}"}
    return hooks.deliver(replace(spent, body=json.dumps(body).encode(), headers=headers)).json["event_id"]


def add_contact(sandbox, name: str, email: str) -> str:
    body = {"contact_name": name, "contact_type": "customer", "contact_persons": [{"email": email}]}
    return str(sandbox.keep_books("POST", "/contacts", body)["contact"]["contact_id"])


def make_inactive(sandbox) -> None:
    sandbox.keep_books("POST", f"/contacts/{sandbox.contacts[0]['contact_id']}/inactive")


def delete(sandbox) -> None:
    for invoice in sandbox.invoices:
        sandbox.keep_books("DELETE", f"/invoices/{invoice['invoice_id']}")
    sandbox.keep_books("DELETE", f"/contacts/{sandbox.contacts[0]['contact_id']}")


def merge(sandbox) -> None:
    """As Zoho does it: another contact is the master, the merged one becomes inactive."""
    add_contact(sandbox, "Lindqvist, M.", EMAIL)
    make_inactive(sandbox)


def steps(worker, event_id):
    return [step.step for step in worker.desk.ledger.events.timeline(event_id)]


def drain_twice(worker, clock) -> None:
    worker.drain()
    clock.advance(LOOK_AGAIN)
    worker.drain()


def active_of(sandbox, email=EMAIL):
    return [
        contact["contact_id"]
        for contact in sandbox.contacts
        if contact["status"] == "active" and [person["email"] for person in contact["contact_persons"]] == [email]
    ]


def test_a_buyer_without_a_namesake_is_known_by_name(hooks, worker, sandbox):
    deliver(hooks, 1)
    worker.drain()

    assert [contact["contact_name"] for contact in sandbox.contacts] == [NAME]


@pytest.mark.parametrize("lose", [make_inactive, delete, merge])
def test_a_contact_that_was_lost_in_zoho_is_found_or_created_anew(hooks, worker, sandbox, clock, lose):
    deliver(hooks, 1)
    worker.drain()
    lost = sandbox.contacts[0]["contact_id"]
    lose(sandbox)

    event_id = deliver(hooks, 2)
    drain_twice(worker, clock)

    assert worker.event(event_id).state == "posted", worker.event(event_id).error
    [active] = active_of(sandbox)
    invoice = next(one for one in sandbox.invoices if one["reference_number"].startswith("#2 "))
    assert active != lost
    assert invoice["customer_id"] == active
    record = worker.documents(event_id)["contact"]
    assert (record.state, record.zoho_id, record.generation) == ("posted", active, 2)
    [note] = [step for step in worker.desk.ledger.events.timeline(event_id) if step.step == "contact_lost"]
    assert lost in note.detail


@pytest.mark.parametrize("lose", [delete, merge])
def test_a_lost_contact_costs_no_second_attempt(hooks, worker, sandbox, lose):
    deliver(hooks, 1)
    worker.drain()
    lose(sandbox)

    event_id = deliver(hooks, 2)
    worker.drain()

    assert (worker.event(event_id).state, worker.event(event_id).attempts) == ("posted", 1)


def test_the_wording_of_the_refusal_does_not_matter(hooks, worker, sandbox, monkeypatch):
    deliver(hooks, 1)
    worker.drain()
    merge(sandbox)
    monkeypatch.setattr("sandbox.billing.missing", wrong_value)

    event_id = deliver(hooks, 2)
    worker.drain()

    assert worker.event(event_id).state == "posted"


def test_a_lost_vendor_is_created_anew(hooks, worker, sandbox, clock):
    deliver_expense(hooks, 1)
    worker.drain()
    [vendor] = sandbox.contacts
    make_inactive(sandbox)

    event_id = deliver_expense(hooks, 2)
    drain_twice(worker, clock)

    assert worker.event(event_id).state == "posted", worker.event(event_id).error
    assert [contact["contact_name"] for contact in sandbox.contacts] == [
        vendor["contact_name"],
        f"{vendor['contact_name']} (vendor)",
    ]
    assert sandbox.expenses[1]["vendor_id"] == sandbox.contacts[1]["contact_id"]


def test_a_refusal_that_is_not_the_contacts_fault_is_parked_as_it_is(hooks, worker, sandbox, monkeypatch):
    deliver(hooks, 1)
    worker.drain()

    def refuse(_body):
        raise wrong_value("The period is locked.")

    monkeypatch.setattr("sandbox.invoices.bill", refuse)
    event_id = deliver(hooks, 2)
    worker.drain()

    event = worker.event(event_id)
    assert (event.state, event.error.code) == ("parked", "zoho_rejected")
    assert "The period is locked." in event.error.message
    assert (sandbox.calls["GET /contacts/:id"], sandbox.calls["POST /invoices"]) == (1, 2)
    assert worker.documents(event_id)["contact"].generation == 1


def test_a_document_that_is_refused_again_with_a_new_contact_is_parked(hooks, worker, sandbox, clock, monkeypatch):
    deliver(hooks, 1)
    worker.drain()
    merge(sandbox)

    def refuse(_body):
        raise wrong_value("The period is locked.")

    monkeypatch.setattr("sandbox.invoices.bill", refuse)
    event_id = deliver(hooks, 2)
    for _ in range(3):
        drain_twice(worker, clock)

    assert (worker.event(event_id).state, worker.event(event_id).error.code) == ("parked", "zoho_rejected")
    assert sandbox.calls["POST /invoices"] == 3


def test_what_may_have_been_sent_keeps_its_body_when_the_contact_is_lost(hooks, worker, sandbox, clock):
    deliver(hooks, 1)
    worker.drain()
    sandbox.fault(on="POST /invoices", do="timeout_after_saving", seconds=1.5)
    event_id = deliver(hooks, 2)
    worker.drain()
    assert worker.documents(event_id)["invoice"].state == "unknown"
    before = sandbox.invoices
    merge(sandbox)

    clock.advance(SETTLE)
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert (len(before), sandbox.invoices) == (2, before)
    assert "contact_lost" not in steps(worker, event_id)


def test_a_doubtful_new_contact_leaves_no_doubt_about_the_document(hooks, worker, sandbox, clock):
    deliver(hooks, 1)
    worker.drain()
    delete(sandbox)
    sandbox.fault(on="POST /contacts", do="timeout_after_saving", seconds=1.5)
    event_id = deliver(hooks, 2)
    worker.drain()
    assert {kind: record.state for kind, record in worker.documents(event_id).items()} == {
        "contact": "unknown",
        "invoice": "new",
    }

    clock.advance(3)
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert (len(sandbox.contacts), len(sandbox.invoices)) == (1, 1)


def test_what_was_surely_not_saved_goes_to_the_new_contact_under_the_same_marker(hooks, worker, sandbox, clock):
    deliver(hooks, 1)
    worker.drain()
    sandbox.fault(on="POST /invoices", do="answer_500")
    event_id = deliver(hooks, 2)
    worker.drain()
    reference = json.loads(worker.documents(event_id)["invoice"].frozen_body)["reference_number"]
    merge(sandbox)

    for _ in range(2):
        clock.advance(SETTLE)
        worker.drain()

    assert worker.event(event_id).state == "posted", worker.event(event_id).error
    assert sandbox.invoices[1]["reference_number"] == reference
    assert [sandbox.invoices[1]["customer_id"]] == active_of(sandbox)
    assert sandbox.calls["POST /invoices"] == 4  # the first order, the doubtful one, the refused one, this one


def test_a_taken_name_is_looked_for_once_more_before_another_is_used(hooks, worker, sandbox, clock):
    sandbox.fault(on="POST /contacts", do="hide_from_search", seconds=3)
    somebody_s = add_contact(sandbox, NAME, EMAIL)

    event_id = deliver(hooks, 1)
    worker.drain()
    assert (worker.event(event_id).state, worker.event(event_id).reason) == ("waiting", "name_taken")

    clock.advance(LOOK_AGAIN)
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert active_of(sandbox) == [somebody_s]
    assert len(sandbox.contacts) == 1


def test_a_namesake_is_waited_for_once_and_never_again(hooks, worker, sandbox, clock):
    add_contact(sandbox, NAME, "another.mara@example.com")
    first = deliver(hooks, 1)
    drain_twice(worker, clock)
    assert (worker.event(first).state, worker.event(first).attempts) == ("posted", 2)

    second = deliver(hooks, 2)
    worker.drain()

    assert (worker.event(second).state, worker.event(second).attempts) == ("posted", 1)
    assert [contact["contact_name"] for contact in sandbox.contacts] == [NAME, f"{NAME} ({EMAIL})"]


def test_another_order_of_the_buyer_does_not_cut_the_waiting_short(hooks, worker, sandbox, clock):
    add_contact(sandbox, NAME, "another.mara@example.com")
    first = deliver(hooks, 1)
    worker.drain()
    clock.advance(2)

    second = deliver(hooks, 2)
    worker.drain()

    assert {worker.event(event_id).reason for event_id in (first, second)} == {"name_taken"}
    assert sandbox.calls["POST /contacts"] == 2  # the namesake's, and the one that was refused

    clock.advance(LOOK_AGAIN)
    drain_twice(worker, clock)
    assert {worker.event(event_id).state for event_id in (first, second)} == {"posted"}
    assert len(active_of(sandbox)) == 1


def test_no_other_name_is_tried_while_a_creation_is_in_doubt(hooks, worker, sandbox, clock):
    sandbox.fault(on="POST /contacts", do="answer_500")
    event_id = deliver(hooks, 1)
    worker.drain()
    add_contact(sandbox, NAME, "another.mara@example.com")

    clock.advance(100)
    worker.drain()
    assert worker.event(event_id).reason == "outcome_unknown"
    assert sandbox.calls["POST /contacts"] == 2  # the doubtful one, and the namesake's

    clock.advance(SETTLE)
    drain_twice(worker, clock)
    assert sandbox.calls["POST /contacts"] == 3  # the same name once more, refused

    clock.advance(2 * SETTLE)
    worker.drain()
    assert worker.event(event_id).state == "posted"
    assert [contact["contact_name"] for contact in sandbox.contacts] == [NAME, f"{NAME} ({EMAIL})"]


def test_when_every_name_is_taken_after_a_doubt_a_person_is_asked_too(hooks, worker, sandbox, clock):
    sandbox.fault(on="POST /contacts", do="answer_500")
    event_id = deliver(hooks, 1)
    worker.drain()
    for number, name in enumerate([NAME, f"{NAME} ({EMAIL})", f"{NAME} ({EMAIL}, USD)"]):
        add_contact(sandbox, name, f"{number}@example.com")

    for _ in range(6):
        clock.advance(2 * SETTLE)
        worker.drain()

    event = worker.event(event_id)
    assert (event.state, event.error.code) == ("parked", "contact_name_taken")


def test_when_every_name_is_taken_a_person_is_asked_and_a_freed_name_is_used(hooks, worker, sandbox, clock):
    names = [NAME, f"{NAME} ({EMAIL})", f"{NAME} ({EMAIL}, USD)"]
    others = [add_contact(sandbox, name, f"{number}@example.com") for number, name in enumerate(names)]
    event_id = deliver(hooks, 1)
    for _ in range(3):
        drain_twice(worker, clock)

    event = worker.event(event_id)
    assert (event.state, event.error.code) == ("parked", "contact_name_taken")
    assert "mara" not in event.error.message.casefold()

    sandbox.keep_books("DELETE", f"/contacts/{others[0]}")
    worker.desk.ledger.events.requeue(event_id)
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert sandbox.contacts[-1]["contact_name"] == NAME


def nothing_in_the_way(sandbox, monkeypatch):
    """A new buyer, and no trouble."""


def a_namesake(sandbox, monkeypatch):
    add_contact(sandbox, NAME, "another.mara@example.com")


def timed_out_after_saving(sandbox, monkeypatch):
    sandbox.fault(on="POST /contacts", do="timeout_after_saving", seconds=1.5)


def timed_out_and_shown_late(sandbox, monkeypatch):
    def keep_out_of_sight(records, record_id, record):
        g.hide_until = world().clock() + 60
        keep(records, record_id, record)

    timed_out_after_saving(sandbox, monkeypatch)
    monkeypatch.setattr("sandbox.contacts.keep", keep_out_of_sight)


def created_by_somebody_and_shown_late(sandbox, monkeypatch):
    sandbox.fault(on="POST /contacts", do="hide_from_search", seconds=3)
    add_contact(sandbox, NAME, EMAIL)


@pytest.mark.parametrize(
    ("trouble", "tries"),
    [
        (nothing_in_the_way, 1),
        (a_namesake, 2),
        (timed_out_after_saving, 1),
        (timed_out_and_shown_late, 1),
        (created_by_somebody_and_shown_late, 1),
    ],
)
def test_fifty_orders_of_one_new_buyer_at_once_make_one_contact(
    hooks, worker, sandbox, clock, monkeypatch, trouble, tries
):
    trouble(sandbox, monkeypatch)
    by_others = len(sandbox.contacts)
    ids = [deliver(hooks, number) for number in range(1, 51)]

    work_in_threads(worker, clock)

    assert {worker.event(event_id).state for event_id in ids} == {"posted"}
    [contact_id] = active_of(sandbox)
    assert [invoice["customer_id"] for invoice in sandbox.invoices] == [contact_id] * 50
    assert sandbox.calls["POST /contacts"] == by_others + tries


def test_fifty_orders_to_a_lost_contact_at_once_make_one_new_contact(hooks, worker, sandbox, clock):
    deliver(hooks, 1)
    worker.drain()
    make_inactive(sandbox)
    ids = [deliver(hooks, number) for number in range(2, 52)]

    work_in_threads(worker, clock)

    assert {worker.event(event_id).state for event_id in ids} == {"posted"}
    [contact_id] = active_of(sandbox)
    assert [invoice["customer_id"] for invoice in sandbox.invoices[1:]] == [contact_id] * 50
    assert worker.documents(ids[0])["contact"].generation == 2


def work_in_threads(worker, clock) -> None:
    """RQ workers in eight threads do what is ready, then the clock moves on, until every event has ended."""
    for _ in range(100):
        threads = [threading.Thread(target=worker.drain) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        waiting = [event.due_at.timestamp() for event in worker.desk.ledger.events.list(state="waiting")]
        if not waiting:
            return
        clock.now = max(clock.now + 5, min(waiting))

"""The receipt of an expense: uploaded once, after the expense, whatever happens in between."""

import dataclasses
import json
from collections.abc import Iterator

import pytest

from mappings import Example
from outbound import Outbound
from tests.outbound.files import PDF, FileServer, served_files
from tests.scene import example

CONNECTIONS = "connections: {standard: {expenses: {receipt_hosts: [127.0.0.1]}}}"


@pytest.fixture
def files() -> Iterator[FileServer]:
    with served_files() as server:
        yield server


@pytest.fixture
def environ(environ, tmp_path):
    file = tmp_path / "connections.yaml"
    file.write_text(CONNECTIONS)
    return {**environ, "BOOKHOOK_CONNECTIONS": str(file)}


@pytest.fixture
def worker(worker, files):
    worker.desk = dataclasses.replace(worker.desk, outbound=Outbound(loopback_origins=[files.origin]))
    return worker


def expense(url: str | None = None) -> Example:
    """An expense of the standard sender whose receipt is at an address."""
    sent = example("standard/expense")
    body = json.loads(sent.body)
    body["data"]["receipt_url"] = url
    return dataclasses.replace(sent, body=json.dumps(body).encode())


@pytest.fixture
def sent(hooks, worker, files) -> str:
    """The id of an expense whose receipt the file server has, delivered but not worked on."""
    return hooks.deliver(expense(f"{files.origin}/receipt.pdf")).json["event_id"]


def test_a_receipt_is_put_to_the_posted_expense(sent, worker, sandbox):
    worker.drain()

    [posted] = sandbox.expenses
    record = worker.documents(sent)["receipt"]
    assert worker.event(sent).state == "posted"
    assert (posted["expense_receipt_name"], posted["receipt_bytes"]) == ("receipt.pdf", len(PDF))
    assert record.business_key == worker.documents(sent)["expense"].business_key.replace("/expense/", "/receipt/")
    assert (record.state, record.zoho_id) == ("posted", posted["expense_id"])


def test_a_receipt_that_came_with_the_event_is_put_there_as_it_came(hooks, worker, sandbox):
    event_id = hooks.deliver(example("standard/expense_with_receipt")).json["event_id"]
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert sandbox.expenses[0]["receipt_uploads"] == 1


def test_a_doubtful_upload_is_looked_for_and_not_doubled(sent, worker, sandbox, clock):
    sandbox.fault(on="POST /expenses/{id}/receipt", times=1, do="reset_after_saving")
    worker.drain()
    assert worker.event(sent).state == "waiting"

    clock.advance(10)
    worker.drain()

    assert worker.event(sent).state == "posted"
    assert sandbox.expenses[0]["receipt_uploads"] == 1
    assert len(sandbox.expenses) == 1


def test_a_lost_upload_is_sent_again_once_it_has_surely_not_arrived(sent, worker, sandbox, clock):
    sandbox.fault(on="POST /expenses/{id}/receipt", times=1, do="reset")
    worker.drain()
    for _ in range(5):
        clock.advance(60)
        worker.drain()

    assert worker.event(sent).state == "posted"
    assert sandbox.expenses[0]["receipt_uploads"] == 1


def test_an_expense_stands_whatever_becomes_of_its_receipt(sent, worker, sandbox, files):
    files.files["/receipt.pdf"] = b"<html>not found</html>"
    worker.drain()

    event = worker.event(sent)
    assert (event.state, event.error.code, event.error.field) == ("parked", "receipt_refused", "receipt")
    assert worker.documents(sent)["expense"].state == "posted"
    assert files.origin not in event.error.message

    files.files["/receipt.pdf"] = PDF
    worker.desk.ledger.events.requeue(sent)
    worker.drain()
    assert worker.event(sent).state == "posted"
    assert (len(sandbox.expenses), sandbox.expenses[0]["receipt_uploads"]) == (1, 1)


def test_a_receipt_whose_host_is_away_is_fetched_later(sent, worker, sandbox, files, clock):
    files.answers["/receipt.pdf"] = 503
    worker.drain()
    assert (worker.event(sent).state, worker.event(sent).reason) == ("waiting", "receipt_unavailable")
    assert len(sandbox.expenses) == 1

    files.answers.clear()
    clock.advance(10)
    worker.drain()
    assert worker.event(sent).state == "posted"
    assert len(sandbox.expenses) == 1


def test_a_receipt_from_another_host_is_not_fetched(hooks, worker, files, sandbox):
    event_id = hooks.deliver(expense("https://files.example.com/receipt.pdf")).json["event_id"]
    worker.drain()

    assert worker.event(event_id).error.code == "receipt_refused"
    assert "`receipt_hosts`" in worker.event(event_id).error.message
    assert files.asked == []
    assert len(sandbox.expenses) == 1


def test_the_same_expense_sent_again_uploads_nothing_again(sent, hooks, worker, sandbox, files, clock):
    worker.drain()
    clock.advance(400)
    again = expense(f"{files.origin}/receipt.pdf?again")
    headers = {**again.headers, "webhook-id": "msg_another"}
    hooks.deliver(dataclasses.replace(again, headers=headers))
    worker.drain()

    assert [each.state for each in worker.desk.ledger.events.list()] == ["posted", "posted"]
    assert sandbox.expenses[0]["receipt_uploads"] == 1


def test_a_receipt_that_a_person_put_there_stands(hooks, worker, files, sandbox):
    event_id = hooks.deliver(expense("https://elsewhere.example/receipt.pdf")).json["event_id"]
    worker.drain()
    assert worker.event(event_id).error.code == "receipt_refused"
    books = worker.desk.books["10000001"]
    [held] = sandbox.expenses
    books.upload_receipt(held["expense_id"], name="r.pdf", content=PDF, media_type="application/pdf")

    worker.desk.ledger.events.requeue(event_id)
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert sandbox.expenses[0]["receipt_uploads"] == 1

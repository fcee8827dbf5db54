"""An order's life, an expense's approval, and books that are checked and put right, by the commands people type."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Processes, until
from tests.scene import example

# Whatever comes in, an expense of the standard sender waits for a person here.
CONNECTIONS = "connections: {standard: {expenses: {approval: always}}}"
ENDED = ("posted", "ignored", "parked", "rejected", "awaiting_approval")


class Person:
    """Somebody at a terminal, beside a web process and a worker that run."""

    def __init__(self, processes: Processes) -> None:
        self.processes = processes
        self.url = processes.start_web()
        processes.start("worker", "--threads", "2")

    def types(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """What a command says, and how it ends."""
        command = [sys.executable, "-m", "cli", *words]
        folder, environ = self.processes.folder, self.processes.environ
        return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)

    def sends(self, name: str) -> str:
        """The id of the event that an example became."""
        answer = self.types("send", name, "--url", self.url)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return str(json.loads(answer.stdout[4:])["event_id"])

    def looks_at(self, event_id: str) -> dict[str, Any]:
        """The event, once it has ended."""
        until(lambda: self._sees(event_id)["state"] in ENDED, f"{event_id} has ended")
        return self._sees(event_id)

    def _sees(self, event_id: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.types("show", event_id, "--json").stdout)
        return told


@pytest.fixture
def person(processes: Processes, tmp_path: Path) -> Person:
    connections = tmp_path / "connections.yaml"
    connections.write_text(CONNECTIONS)
    processes.environ["BOOKHOOK_CONNECTIONS"] = str(connections)
    return Person(processes)


def posted(event: dict[str, Any]) -> set[str]:
    """The kinds of what stands in Zoho for an event that ended well."""
    assert event["state"] == "posted", event
    return {document["kind"] for document in event["documents"] if document["state"] == "posted"}


def test_an_order_is_paid_and_refunded_and_another_cancelled_and_the_books_say_so(person, sandbox):
    early = person.sends("standard/refund")
    order = person.looks_at(person.sends("standard/order"))
    payment = person.looks_at(person.sends("standard/payment"))
    allowance = person.looks_at(person.sends("standard/refund_by_amount"))
    person.looks_at(person.sends("standard/order_to_cancel"))
    cancelled = person.looks_at(person.sends("standard/order_cancelled"))
    paid = person.looks_at(person.sends("standard/order_paid"))

    assert posted(order) == {"contact", "invoice"}
    assert posted(payment) == {"sent", "payment"}
    assert posted(allowance) >= {"credit_note", "credit"}
    assert posted(cancelled) == {"void"}
    assert posted(paid) == {"contact", "invoice", "sent", "payment"}
    assert posted(person.looks_at(early)) == {"credit_note", "payout"}
    assert {invoice["reference_number"].split()[0]: invoice["status"] for invoice in sandbox.invoices} == {
        "SO-2026-0118": "partially_paid",
        "SO-2026-0121": "paid",
        "SO-2026-0122": "void",
    }
    assert sandbox.invoices[0]["balance"] == 2160 - 1000 - 216


def test_an_expense_waits_for_approval_and_then_is_posted_with_its_receipt(person, sandbox):
    event_id = person.sends("standard/expense_with_receipt")
    assert person.looks_at(event_id)["state"] == "awaiting_approval"
    assert sandbox.expenses == []

    assert person.types("approve", event_id, "--by", "u-17").returncode == 1  # who submitted it
    assert person.types("approve", event_id, "--by", "Grace", "--note", "with a client").returncode == 0
    until(lambda: person.looks_at(event_id)["state"] == "posted", "it is posted")

    event = person.looks_at(event_id)
    assert posted(event) == {"expense", "receipt"}
    assert (event["approval"]["decided_by"], event["approval"]["note"]) == (["Grace"], "with a client")
    [expense] = sandbox.expenses
    assert (expense["expense_receipt_name"], expense["receipt_uploads"]) == ("lunch.pdf", 1)


def test_what_was_deleted_by_hand_is_found_taken_back_and_posted_anew(person, sandbox):
    event_id = person.sends("shopify/paid_order")
    assert posted(person.looks_at(event_id)) == {"contact", "invoice", "sent", "payment"}
    assert person.types("reconcile").returncode == 0
    [payment] = sandbox.customerpayments
    sandbox.keep_books("DELETE", f"/customerpayments/{payment['payment_id']}")

    differs = person.types("reconcile")
    plan = person.types("undo", event_id)
    assert (differs.returncode, plan.returncode) == (1, 1)
    assert differs.stdout.splitlines()[-1].split()[:2] == ["missing", "payment"]
    assert [invoice["status"] for invoice in sandbox.invoices] == ["sent"]

    assert person.types("undo", event_id, "--yes").returncode == 0
    assert person.looks_at(event_id)["error"]["code"] == "undone"
    assert person.types("reconcile").returncode == 0
    person.types("retry", event_id)
    until(lambda: person.looks_at(event_id)["state"] == "posted", "it is posted anew")

    assert sorted(invoice["status"] for invoice in sandbox.invoices) == ["paid", "void"]
    assert person.types("reconcile").returncode == 0


def test_history_is_rehearsed_posted_once_and_taken_back_as_a_whole(person, sandbox, tmp_path):
    history = tmp_path / "orders.jsonl"
    cases = ("cash_on_delivery", "paid_order", "unpaid_order")
    history.write_text("".join(example(f"woocommerce/{case}").body.decode() + "\n" for case in cases))
    command = ("backfill", "woocommerce", str(history), "--topic", "order.updated", "--batch", "last-year")

    assert person.types(*command, "--dry-run").stdout.startswith("2 would be posted, 1 ignored, 0 parked")
    assert sandbox.invoices == []
    for _ in range(2):
        assert person.types(*command).returncode == 0
        until(lambda: len(person.types("events", "--state", "posted").stdout.splitlines()) == 2, "history is posted")
    assert {invoice["status"] for invoice in sandbox.invoices} == {"draft", "paid"}

    assert person.types("undo", "--batch", "last-year", "--yes").returncode == 0
    assert ([invoice["status"] for invoice in sandbox.invoices], sandbox.customerpayments) == (["void"], [])

"""Expenses from forms, through the front door."""

from dataclasses import replace

from tests.scene import example


def test_the_receipt_of_a_form_is_fetched_from_its_sender_and_put_to_the_expense(hooks, worker, sandbox):
    hooks.deliver(example("typeform/expense_with_receipt"))
    worker.drain()

    [posted] = sandbox.expenses
    assert worker.only_event().state == "posted"
    assert (posted["expense_receipt_name"], posted["receipt_uploads"]) == ("5f1c0e-taxi.pdf", 1)


def test_a_receipt_at_any_other_host_is_not_fetched_and_the_expense_stands(hooks, worker, sandbox):
    found = example("typeform/expense_with_receipt")
    elsewhere = replace(found, body=found.body.replace(b"https://api.typeform.com/", b"https://api.typeform.example/"))

    hooks.deliver(elsewhere)
    worker.drain()

    event = worker.only_event()
    assert (event.state, event.error.code) == ("parked", "receipt_refused")
    assert len(sandbox.expenses) == 1

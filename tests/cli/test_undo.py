"""`bookhook undo`, and `bookhook retry` after it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.orders import Order
from tests.scene import example

ORDER = example("standard/order")
PAID = example("standard/order_paid")
DELETE = "DELETE /invoices/:id"


@pytest.fixture
def environ(environ):
    return {**environ, "ZOHO_TIMEOUT_SECONDS": "1"}


def post(hooks, worker, order=ORDER) -> str:
    event_id = hooks.deliver(order).json["event_id"]
    worker.drain()
    assert worker.event(event_id).state == "posted"
    return event_id


@pytest.fixture
def posted(hooks, worker) -> str:
    return post(hooks, worker)


def once_more():
    """The order in another delivery."""
    told = ORDER.with_fields({"timestamp": "2026-05-01T00:00:00Z"})
    return replace(told, headers={**told.headers, "webhook-id": "msg_2kY7example000000000099"})


def invoices(sandbox):
    return [(invoice["invoice_number"], invoice["status"]) for invoice in sandbox.invoices]


def states(worker, event_id):
    return {kind: record.state for kind, record in worker.documents(event_id).items()}


def test_the_plan_alone_changes_nothing(run, posted, sandbox, worker):
    result = run("undo", posted)

    assert result.exit_code == 1
    assert "INV-000001       will be deleted   draft" in result.stdout
    assert "Nothing was changed. To carry it out: --yes." in result.stderr
    assert invoices(sandbox) == [("INV-000001", "draft")]
    assert worker.event(posted).state == "posted"


@pytest.mark.parametrize(("typed", "left"), [("no\n", 1), ("y\n", 1), ("\n", 1), ("yes\n", 0)])
def test_at_a_terminal_only_a_typed_yes_carries_it_out(run, posted, sandbox, typed, left):
    result = run("undo", posted, typed=typed)

    assert (len(sandbox.invoices), result.exit_code) == (left, left)


def test_a_draft_is_deleted_and_its_event_parked(run, posted, sandbox, worker):
    result = run("undo", posted, "--yes")

    assert result.exit_code == 0
    assert "invoice INV-000001: deleted" in result.stdout
    assert sandbox.invoices == []
    assert len(sandbox.contacts) == 1
    event = worker.event(posted)
    assert (event.state, event.error.code) == ("parked", "undone")
    assert states(worker, posted) == {"contact": "posted", "invoice": "undone"}


def test_an_invoice_that_was_sent_is_voided(run, posted, sandbox):
    [invoice] = sandbox.invoices
    sandbox.keep_books("POST", f"/invoices/{invoice['invoice_id']}/status/sent")

    result = run("undo", posted, "--yes")

    assert result.exit_code == 0
    assert "INV-000001       will be voided    sent" in result.stdout
    assert invoices(sandbox) == [("INV-000001", "void")]


def test_what_was_paid_with_the_event_goes_with_it(run, hooks, worker, sandbox):
    event_id = post(hooks, worker, PAID)
    assert [len(sandbox.customerpayments), sandbox.invoices[0]["status"]] == [2, "paid"]

    result = run("undo", event_id, "--yes")

    assert result.exit_code == 0
    assert sandbox.customerpayments == []
    assert invoices(sandbox) == [("INV-000001", "void")]
    assert states(worker, event_id)["sent"] == "undone"


def test_what_somebody_else_paid_stays_and_says_what_to_do(run, posted, sandbox, worker):
    [invoice] = sandbox.invoices
    sandbox.keep_books("POST", f"/invoices/{invoice['invoice_id']}/status/sent")
    paid = {"invoice_id": invoice["invoice_id"], "amount_applied": 10}
    payment = {"customer_id": invoice["customer_id"], "payment_mode": "cash", "amount": 10, "date": "2026-03-01"}
    sandbox.keep_books("POST", "/customerpayments", {**payment, "invoices": [paid]})

    result = run("undo", posted, "--yes")

    assert result.exit_code == 1
    assert "of which 10" in result.stdout
    assert "take them off it in Zoho Books" in result.stdout
    assert invoices(sandbox) == [("INV-000001", "partially_paid")]
    assert worker.event(posted).state == "posted"


def test_a_used_credit_note_stays(run, hooks, worker, sandbox):
    post(hooks, worker, PAID)
    refund = post(hooks, worker, example("standard/refund"))

    result = run("undo", refund, "--yes")

    assert result.exit_code == 1
    assert "Delete its refunds" in result.stdout
    assert len(sandbox.creditnotes) == 1


def test_a_credit_note_whose_refund_was_deleted_by_hand_is_deleted(run, hooks, worker, sandbox):
    post(hooks, worker, PAID)
    refund = post(hooks, worker, example("standard/refund"))
    [note] = sandbox.creditnotes
    [payout] = sandbox.keep_books("GET", f"/creditnotes/{note['creditnote_id']}/refunds")["creditnote_refunds"]
    sandbox.keep_books("DELETE", f"/creditnotes/{note['creditnote_id']}/refunds/{payout['creditnote_refund_id']}")

    assert run("undo", refund, "--yes").exit_code == 0

    assert sandbox.creditnotes == []
    assert states(worker, refund)["payout"] == "undone"


def test_a_credit_note_that_was_paid_back_twice_goes_with_both_of_its_refunds(run, hooks, worker, sandbox, clock):
    order = Order(hooks)
    order.completed()
    order.paid("100.00")
    first = order.refunded("21.20", paid_back="10.00")
    clock.advance(1)
    events = [first, order.refunded("21.20", paid_back="21.20")]
    worker.drain()
    [note] = sandbox.creditnotes
    assert len(note["refunds"]) == 2
    for payout in note["refunds"]:
        sandbox.keep_books("DELETE", f"/creditnotes/{note['creditnote_id']}/refunds/{payout['creditnote_refund_id']}")

    assert run("undo", events[0], "--yes").exit_code == 0
    assert sandbox.creditnotes == []
    assert [states(worker, each)["payout"] for each in events] == ["undone"] * 2
    assert [worker.event(each).error.code for each in events] == ["undone"] * 2

    run("retry", *events)
    worker.drain()
    assert [worker.event(each).state for each in events] == ["posted"] * 2
    [note] = sandbox.creditnotes
    assert sum(Decimal(str(payout["amount"])) for payout in note["refunds"]) == Decimal("21.20")


def test_an_expense_is_deleted(run, hooks, worker, sandbox):
    event_id = post(hooks, worker, example("standard/expense"))

    assert run("undo", event_id, "--yes").exit_code == 0

    assert sandbox.expenses == []


def test_after_it_a_retry_posts_anew_under_another_marker(run, posted, sandbox, worker):
    first = sandbox.invoices[0]["reference_number"]
    run("undo", posted, "--yes")

    assert run("retry", posted).exit_code == 0
    worker.drain()

    assert worker.event(posted).state == "posted"
    [invoice] = sandbox.invoices
    assert invoice["reference_number"].split()[0] == first.split()[0]
    assert invoice["reference_number"] != first
    assert worker.documents(posted)["invoice"].generation == 2


def test_without_a_retry_nothing_posts_what_was_undone(run, posted, hooks, worker, sandbox):
    run("undo", posted, "--yes")

    again = hooks.deliver(once_more()).json["event_id"]
    worker.drain()

    assert sandbox.invoices == []
    assert (worker.event(again).state, worker.event(again).error.code) == ("parked", "undone")

    run("retry", again)
    worker.drain()
    assert worker.event(again).state == "posted"
    assert len(sandbox.invoices) == 1


def test_an_event_that_cannot_be_retried_begins_nothing_anew(run, posted, hooks, worker):
    again = post(hooks, worker, once_more())
    run("undo", posted, "--yes")

    assert f"{again}: it is posted" in run("retry", again).stderr

    assert states(worker, posted)["invoice"] == "undone"


def test_undoing_twice_changes_nothing_more(run, posted, sandbox):
    run("undo", posted, "--yes")
    calls = sandbox.calls

    result = run("undo", posted, "--yes")

    assert (result.exit_code, result.stdout) == (0, "Nothing is to be undone.\n")
    assert sandbox.calls.get(DELETE) == calls.get(DELETE)


def test_what_a_bookkeeper_deleted_before_counts_as_undone(run, posted, sandbox, worker):
    sandbox.keep_books("DELETE", f"/invoices/{sandbox.invoices[0]['invoice_id']}")

    assert run("undo", posted, "--yes").exit_code == 0

    assert states(worker, posted)["invoice"] == "undone"


@pytest.mark.parametrize("fault", ["timeout_after_saving", "reset_after_saving"])
def test_a_delete_without_an_answer_is_looked_up(run, posted, sandbox, worker, fault):
    sandbox.fault(on=DELETE, times=1, do=fault, seconds=1.5)

    result = run("undo", posted, "--yes")

    assert result.exit_code == 0
    assert states(worker, posted)["invoice"] == "undone"


def test_a_delete_that_may_still_come_is_asked_for_again(run, posted, sandbox, worker):
    sandbox.fault(on=DELETE, times=1, do="answer_500")

    first = run("undo", posted, "--yes")

    assert first.exit_code == 1
    assert "undo again" in first.stderr
    assert states(worker, posted)["invoice"] == "undoing"
    assert "finish that first" in run("retry", posted).stderr
    assert "finish that first" in run("retry", posted, "--done", "--note", "by hand").stderr
    assert worker.event(posted).state == "parked"
    assert run("undo", posted, "--yes").exit_code == 0
    assert (states(worker, posted)["invoice"], sandbox.invoices) == ("undone", [])


def test_a_delete_that_surely_did_nothing_leaves_it_posted(run, posted, sandbox, worker):
    sandbox.fault(on=DELETE, times=1, do="answer_429_45")

    result = run("undo", posted, "--yes")

    assert result.exit_code == 1
    assert states(worker, posted)["invoice"] == "posted"
    assert invoices(sandbox) == [("INV-000001", "draft")]


def test_a_document_of_another_event_stays(run, posted, hooks, worker, sandbox):
    again = post(hooks, worker, once_more())
    assert again != posted

    result = run("undo", again, "--yes")

    assert (result.exit_code, result.stdout) == (0, "Nothing is to be undone.\n")
    assert invoices(sandbox) == [("INV-000001", "draft")]


def test_what_a_worker_or_a_stopped_undo_holds_is_undone_a_little_later(run, posted, sandbox, worker):
    documents, invoice = worker.desk.ledger.documents, worker.documents(posted)["invoice"]
    documents.claim(invoice.business_key, event_id=posted, lease="of one who was killed")

    result = run("undo", posted, "--yes")

    assert result.exit_code == 1
    assert "invoice INV-000001: not done yet" in result.stderr
    assert "undo again in 15 seconds" in result.stderr
    assert len(sandbox.invoices) == 1


def test_an_unknown_event_batch_and_no_event_at_all(run):
    assert "There is no batch 'typo'." in run("undo", "--batch", "typo", "--yes").stderr
    assert run("undo", "--batch", "typo").exit_code == 1
    assert run("undo", "ev_nothing00").exit_code == 1
    assert run("undo").exit_code == 2
    assert run("undo", "ev_nothing00", "--batch", "b").exit_code == 2


def test_reconcile_knows_what_was_undone(run, posted, sandbox, worker):
    [invoice] = sandbox.invoices
    sandbox.keep_books("POST", f"/invoices/{invoice['invoice_id']}/status/sent")
    run("undo", posted, "--yes")
    run("retry", posted)
    worker.drain()
    assert [status for _, status in invoices(sandbox)] == ["void", "draft"]
    assert run("reconcile", "--since", "2026-01-01").exit_code == 0

    sandbox.keep_books("POST", f"/invoices/{invoice['invoice_id']}/status/draft")

    told = run("reconcile", "--since", "2026-01-01")
    assert told.exit_code == 1
    assert "stands_again" in told.stdout

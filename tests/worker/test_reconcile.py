"""What is in Zoho against what the ledger says; a bookkeeper's changes come from the sandbox."""

import datetime

import pytest

from cli.desk import open_desk
from tests.scene import example
from worker.nightly import reconcile_if_due
from worker.reconcile import reconcile

ORDER = example("shopify/paid_order")
EXPENSE = example("standard/expense")
SETTLE, SEND = 120, 30


@pytest.fixture
def posted(hooks, worker):
    event_id = hooks.deliver(ORDER).json["event_id"]
    hooks.deliver(EXPENSE)
    worker.drain()
    return event_id


@pytest.fixture
def compare(worker):
    """Compares the first organization's books."""
    [books] = worker.desk.books.values()
    return lambda since=0.0: reconcile(worker.desk, books, since=since)


def whats(found):
    return [(difference.what, difference.kind) for difference in found.differences]


def only_invoice(sandbox):
    [invoice] = sandbox.invoices
    return invoice


def test_nothing_differs_after_posting_and_one_page_of_each_list_is_read(posted, compare, sandbox):
    before = sandbox.calls

    found = compare()

    assert found.differences == ()
    assert (found.checked["invoice"], found.checked["expense"]) == (1, 1)
    made = {call: count - before.get(call, 0) for call, count in sandbox.calls.items() if count != before.get(call, 0)}
    assert made == {
        "GET /invoices": 1,
        "GET /expenses": 1,
        "GET /customerpayments": 1,
        "GET /creditnotes": 1,
    }


def take_off_payments(sandbox):
    for payment in sandbox.customerpayments:
        sandbox.keep_books("DELETE", f"/customerpayments/{payment['payment_id']}")


def test_what_was_deleted_by_hand_is_missing(posted, compare, sandbox):
    take_off_payments(sandbox)
    sandbox.keep_books("DELETE", f"/invoices/{only_invoice(sandbox)['invoice_id']}")

    found = compare()

    assert ("missing", "invoice") in whats(found)
    [invoice] = [difference for difference in found.differences if difference.kind == "invoice"]
    assert (invoice.event_id, invoice.number) == (posted, "INV-000001")


def test_an_invoice_that_was_voided_by_hand_is_told(posted, compare, sandbox):
    take_off_payments(sandbox)
    invoice = only_invoice(sandbox)
    if invoice["status"] == "draft":
        sandbox.keep_books("POST", f"/invoices/{invoice['invoice_id']}/status/sent")
    sandbox.keep_books("POST", f"/invoices/{invoice['invoice_id']}/status/void")

    assert ("voided", "invoice") in whats(compare())


def test_a_changed_amount_is_told_with_both_numbers(posted, compare, sandbox):
    [expense] = sandbox.expenses
    names = ("date", "account_id", "paid_through_account_id", "reference_number", "currency_id")
    body = {name: expense[name] for name in names}
    sandbox.keep_books("PUT", f"/expenses/{expense['expense_id']}", {**body, "amount": 1.5})

    [difference] = compare().differences

    assert (difference.what, difference.kind) == ("changed", "expense")
    assert "Zoho says 1.5" in difference.detail


def copy_of(invoice, **changes):
    body = {name: invoice[name] for name in ("customer_id", "reference_number", "date")}
    return {**body, "line_items": [{"name": "copied", "rate": 5, "quantity": 1}], **changes}


def test_two_documents_with_one_marker_are_told(posted, compare, sandbox):
    first = only_invoice(sandbox)
    sandbox.keep_books("POST", "/invoices", copy_of(first))

    [difference] = compare().differences

    assert (difference.what, difference.number) == ("doubled", "INV-000002")
    assert difference.zoho_id != first["invoice_id"]
    assert difference.detail.startswith("INV-000001 has the same marker bh-")
    assert difference.event_id == posted
    assert difference.business_key.startswith("shopify/invoice/order:")


def test_a_marker_of_ours_that_the_ledger_does_not_know_is_told(posted, compare, sandbox):
    stray = copy_of(only_invoice(sandbox), reference_number="#7 bh-abcdefgh2345")
    sandbox.keep_books("POST", "/invoices", stray)
    sandbox.keep_books("POST", "/invoices", copy_of(only_invoice_of(sandbox, "INV-000001"), reference_number="#8"))

    assert whats(compare()) == [("unknown", "invoice")]


def only_invoice_of(sandbox, number):
    [invoice] = [invoice for invoice in sandbox.invoices if invoice["invoice_number"] == number]
    return invoice


def test_what_was_posted_before_is_not_unknown(posted, compare, clock):
    found = compare(since=clock() + 1)

    assert (found.differences, sum(found.checked.values())) == ((), 0)


def test_a_doubt_is_told_only_when_it_should_have_been_settled(hooks, worker, sandbox, clock, compare):
    sandbox.fault(on="POST /invoices", times=1, do="answer_500")
    hooks.deliver(ORDER)
    worker.drain()
    assert compare().differences == ()

    clock.advance(SETTLE + SEND + 1)

    assert whats(compare()) == [("in_doubt", "invoice")]


def test_what_stands_in_doubt_is_not_unknown(hooks, worker, sandbox, compare):
    sandbox.fault(on="POST /invoices", times=1, do="reset_after_saving")
    hooks.deliver(ORDER)
    worker.drain()
    assert worker.only_event().state == "waiting"

    assert compare().differences == ()


def test_what_bookhook_voided_is_no_difference(hooks, worker, sandbox, compare):
    hooks.deliver(example("standard/order_to_cancel"))
    worker.drain()
    hooks.deliver(example("standard/order_cancelled"))
    worker.drain()

    assert only_invoice(sandbox)["status"] == "void"
    assert compare().differences == ()


def is_care_over(worker) -> bool:
    ledger = worker.desk.ledger
    return ledger.reconciliations.is_sound("10000001", since=ledger.incarnation.observe().at)


def test_books_without_a_difference_end_the_care_after_a_loss(posted, worker, clock, compare):
    worker.desk.ledger.incarnation.declare_gone_back()
    compare()
    assert not is_care_over(worker)

    clock.advance(SETTLE + SEND + 1)
    compare()

    assert is_care_over(worker)


@pytest.mark.parametrize(("days", "is_over"), [(6.9, False), (7, True), (30, True)])
def test_only_a_look_back_of_a_week_or_more_ends_it(posted, worker, clock, compare, days, is_over):
    worker.desk.ledger.incarnation.declare_gone_back()
    clock.advance(SETTLE + SEND + 1)

    compare(since=clock() - days * 86400)

    assert is_care_over(worker) is is_over


def test_a_difference_does_not_end_it(posted, worker, sandbox, clock, compare):
    worker.desk.ledger.incarnation.declare_gone_back()
    clock.advance(SETTLE + SEND + 1)
    sandbox.keep_books("POST", "/invoices", copy_of(only_invoice(sandbox)))

    compare()

    assert not is_care_over(worker)


AT = datetime.time(3, 30)


@pytest.fixture
def environ(environ):
    return {**environ, "ZOHO_TIME_ZONE": "UTC"}


def at(clock, text):
    clock.now = datetime.datetime.fromisoformat(text).timestamp()


def alerts(sandbox):
    return [heard["body"]["text"] for heard in sandbox.slack if heard["path"].endswith("/alerts")]


def test_at_night_the_books_are_compared_once_whichever_process_does_it(
    posted, worker, sandbox, clock, deployment, ledger
):
    sandbox.keep_books("POST", "/invoices", copy_of(only_invoice(sandbox)))
    other = open_desk(deployment, ledger, report=worker.reported.append)
    at(clock, "2026-06-01T03:29:00+00:00")
    reconcile_if_due(worker.desk, AT)
    assert alerts(sandbox) == []

    at(clock, "2026-06-01T03:30:00+00:00")
    for desk in (worker.desk, other, worker.desk):
        reconcile_if_due(desk, AT)

    [told] = alerts(sandbox)
    assert "1 doubled" in told
    assert "INV-" not in told

    clock.advance(86_400)
    reconcile_if_due(other, AT)
    assert len(alerts(sandbox)) == 2


def test_a_night_without_a_difference_is_quiet(posted, worker, sandbox, clock):
    at(clock, "2026-06-01T04:00:00+00:00")

    reconcile_if_due(worker.desk, AT)

    assert alerts(sandbox) == []
    assert worker.desk.ledger.reconciliations.last("10000001")["differences"] == 0


def test_what_zoho_could_not_answer_is_asked_again_the_same_night(posted, worker, sandbox, clock, redis):
    sandbox.fault(on="GET /invoices", times=1, do="answer_500")
    at(clock, "2026-06-01T04:00:00+00:00")
    reconcile_if_due(worker.desk, AT)
    assert worker.desk.ledger.reconciliations.last("10000001") is None

    [turn] = redis.keys("bh:reconciling:*")
    assert 0 < redis.ttl(turn) <= 300
    redis.delete(turn)  # as Redis does when its time is over
    reconcile_if_due(worker.desk, AT)

    assert worker.desk.ledger.reconciliations.last("10000001")["checked"] > 0

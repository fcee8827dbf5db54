"""What becomes of an order after it is placed: paid, changed, refunded, cancelled; early, late and twice."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.orders import Figures, Order, figures
from tests.scene import example

DAYS = 86400


def money(*amounts: str) -> Figures:
    return Figures(*map(Decimal, amounts))


@pytest.fixture
def order(hooks):
    return Order(hooks)


@pytest.fixture
def books(sandbox, order):
    return lambda: figures(sandbox.records(), order.order_id)


def state(worker, event_id):
    return worker.event(event_id).state


def code(worker, event_id):
    trouble = worker.event(event_id).error
    return trouble.code if trouble else None


def steps(worker, event_id):
    return [step.step for step in worker.desk.ledger.events.timeline(event_id)]


def test_a_paid_order_is_no_receivable(order, worker, books, sandbox):
    order.completed()
    paid = order.paid("100.00")
    worker.drain()

    assert books() == money("100", "100", "0", "0")
    assert sandbox.invoices[0]["status"] == "paid"
    assert worker.documents(paid)["payment"].total == 100


def test_a_partial_payment_stays_partial(order, worker, books, sandbox):
    order.completed()
    order.paid("40.00")
    worker.drain()

    assert books() == money("100", "40", "60", "0")
    assert sandbox.invoices[0]["status"] == "partially_paid"


def test_payments_that_come_with_the_order_are_recorded_with_it(order, worker, books):
    paid = [{"id": f"{order.order_id}-{n}", "amount": amount, "date": "2026-03-14"} for n, amount in enumerate("37")]
    order.completed(payments=paid)
    worker.drain()

    assert books() == money("100", "10", "90", "0")


def test_a_payment_that_comes_before_its_order_waits_for_it(order, worker, books):
    early = order.paid("100.00")
    worker.drain()
    assert (state(worker, early), code(worker, early)) == ("waiting", "waits_for_order")

    order.completed()
    worker.drain()

    assert state(worker, early) == "posted"
    assert books() == money("100", "100", "0", "0")


def test_what_belongs_to_an_order_that_never_comes_is_parked(order, worker, clock):
    lost = order.refunded("10.00")
    worker.drain()
    clock.advance(4 * DAYS)
    worker.drain()

    assert (state(worker, lost), code(worker, lost)) == ("parked", "order_missing")


def test_everything_twice_changes_nothing(order, worker, books, sandbox):
    for _ in range(2):
        order.completed(note_of_the_delivery="again")
        order.paid("100.00")
        order.refunded("30.00")
        worker.drain()

    assert books() == money("70", "70", "0", "0")
    assert [len(sandbox.records()[kind]) for kind in ("invoices", "customerpayments", "creditnotes")] == [1, 1, 1]


def test_a_refund_of_a_paid_order_is_a_credit_note_paid_out(order, worker, books, sandbox):
    order.completed()
    order.paid("100.00")
    order.refunded("30.00")
    worker.drain()

    assert books() == money("70", "70", "0", "0")
    [note] = sandbox.creditnotes
    assert note["status"] == "closed"


def test_a_refund_by_lines_credits_those_lines(order, worker, books, sandbox):
    order.completed()
    order.paid("100.00")
    order.refunded("10.00", lines=[{"name": "Delivery", "quantity": 1, "unit_price": "10.00"}])
    worker.drain()

    [note] = sandbox.creditnotes
    assert [line["name"] for line in note["line_items"]] == ["Delivery"]
    assert books() == money("90", "90", "0", "0")


def test_what_is_taken_off_an_unpaid_order_lowers_what_is_owed(order, worker, books):
    order.completed()
    order.refunded("30.00", paid_back="0")
    worker.drain()

    assert books() == money("70", "0", "70", "0")


def test_more_refunds_than_the_invoice_are_parked_with_both_numbers(order, worker, books):
    order.completed()
    order.paid("100.00")
    order.refunded("80.00", "1")
    worker.drain()
    too_much = order.refunded("30.00", "2")
    worker.drain()

    assert code(worker, too_much) == "credit_exceeds_invoice"
    message = worker.event(too_much).error.message
    assert "30.00" in message
    assert "80.00" in message
    assert books() == money("20", "20", "0", "0")


def test_a_cancelled_order_on_which_nothing_was_paid_is_void(order, worker, books, sandbox):
    order.completed()
    order.cancelled()
    worker.drain()

    assert sandbox.invoices[0]["status"] == "void"
    assert books() == money("0", "0", "0", "0")


def test_a_cancelled_order_that_was_paid_is_the_customers_credit_until_it_is_refunded(order, worker, books, sandbox):
    order.completed()
    order.paid("100.00")
    order.cancelled()
    worker.drain()
    assert books() == money("0", "100", "0", "100")

    order.refunded("60.00")
    worker.drain()

    assert books() == money("0", "40", "0", "40")
    assert len(sandbox.creditnotes) == 1


def test_a_cancellation_credits_what_is_not_credited_yet(order, worker, books):
    order.completed()
    order.paid("100.00")
    order.refunded("60.00")
    order.cancelled()
    worker.drain()

    assert books() == money("0", "40", "0", "40")


def test_a_cancelled_order_that_was_paid_in_part_owes_nothing(order, worker, books):
    order.completed()
    order.paid("40.00")
    order.cancelled()
    worker.drain()

    assert books() == money("0", "40", "0", "40")


def test_a_cancellation_that_comes_first_voids_the_order_that_comes_late(order, worker, books, sandbox):
    early = order.cancelled()
    worker.drain()
    assert state(worker, early) == "ignored"

    order.completed()
    worker.drain()

    assert sandbox.invoices[0]["status"] == "void"
    assert books() == money("0", "0", "0", "0")


def test_a_payment_after_the_invoice_was_voided_is_the_customers_credit(order, worker, books, sandbox):
    order.completed()
    order.cancelled()
    worker.drain()
    order.paid("100.00")
    worker.drain()

    assert books() == money("0", "100", "0", "100")
    assert sandbox.invoices[0]["status"] == "paid"


def test_an_order_that_is_active_again_counts_again(order, worker, books, sandbox):
    order.completed(updated_at="2026-03-14T10:00:00Z")
    order.cancelled(updated_at="2026-03-15T10:00:00Z")
    worker.drain()
    assert sandbox.invoices[0]["status"] == "void"

    order.completed(updated_at="2026-03-16T10:00:00Z")
    worker.drain()

    assert books() == money("100", "0", "100", "0")


def test_the_newest_version_that_came_before_invoicing_is_invoiced(order, worker, books):
    first = order.completed(updated_at="2026-03-14T10:00:00Z")
    second = order.updated(price="120.00", updated_at="2026-03-14T11:00:00Z")
    worker.drain()

    assert books() == money("120", "0", "120", "0")
    assert [state(worker, each) for each in (first, second)] == ["posted", "posted"]


def test_an_older_version_that_comes_late_changes_nothing(order, worker, books):
    order.completed(price="120.00", updated_at="2026-03-14T11:00:00Z")
    worker.drain()
    late = order.completed(updated_at="2026-03-14T10:00:00Z")
    worker.drain()

    assert books() == money("120", "0", "120", "0")
    assert state(worker, late) == "posted"


def test_a_change_after_invoicing_is_a_conflict_a_person_decides(order, worker, books):
    order.completed(updated_at="2026-03-14T10:00:00Z")
    worker.drain()
    change = order.updated(price="120.00", updated_at="2026-03-14T11:00:00Z")
    worker.drain()

    assert code(worker, change) == "conflict"
    message = worker.event(change).error.message
    assert "100.00" in message
    assert "120.00" in message
    assert books() == money("100", "0", "100", "0")


def test_a_change_that_a_person_has_carried_out_in_zoho_is_taken_over(order, worker, books, sandbox):
    order.completed(updated_at="2026-03-14T10:00:00Z")
    worker.drain()
    change = order.updated(price="120.00", updated_at="2026-03-14T11:00:00Z")
    worker.drain()
    sandbox.correct_invoice(sandbox.invoices[0], adjustment=20)

    worker.desk.ledger.events.requeue(change)
    worker.drain()
    order.paid("120.00")
    worker.drain()

    assert state(worker, change) == "posted"
    assert books() == money("120", "120", "0", "0")


def test_a_change_that_keeps_the_total_is_not_taken_for_carried_out(order, worker):
    order.completed()
    worker.drain()
    lines = [{"name": "Table", "quantity": "1", "unit_price": "100.00"}]
    change = order.updated(lines=lines)
    worker.drain()

    assert code(worker, change) == "conflict"


@pytest.mark.parametrize(("first", "second"), [("130.00", None), ("40.00", "70.00")])
def test_a_payment_over_what_is_open_is_parked_with_both_numbers(order, worker, sandbox, first, second):
    order.completed()
    events = [order.paid(amount, str(n)) for n, amount in enumerate((first, second)) if amount]
    worker.drain()

    trouble = worker.event(events[-1]).error
    assert trouble.code == "payment_exceeds_invoice"
    assert (second or first) in trouble.message
    assert ("60" if second else "100") in trouble.message
    assert sandbox.invoices[0]["status"] == ("partially_paid" if second else "draft")


def test_a_second_word_about_a_recorded_payment_names_it(order, worker):
    paid = [{"id": f"{order.order_id}-p1", "amount": "100.00", "date": "2026-03-15"}]
    order.completed(payments=paid)
    worker.drain()
    again = order.paid("100.00")
    worker.drain()

    assert state(worker, again) == "posted"
    assert "payment" in worker.documents(again)


def test_a_change_alone_invoices_nothing(order, worker, sandbox):
    change = order.updated()
    worker.drain()

    assert state(worker, change) == "ignored"
    assert sandbox.invoices == []


def test_a_second_word_about_one_payment_that_says_another_amount_is_a_conflict(order, worker, books):
    order.completed()
    order.paid("40.00")
    worker.drain()
    other = order.paid("50.00")
    worker.drain()

    assert code(worker, other) == "conflict"
    assert books() == money("100", "40", "60", "0")


def test_an_event_shows_the_payment_that_another_has_recorded(hooks, worker):
    paid = example("shopify/paid_order")
    hooks.deliver(paid)
    worker.drain()
    later = replace(
        paid.with_fields({"updated_at": "2026-04-01T00:00:00Z"}),
        headers={**paid.headers, "X-Shopify-Topic": "orders/updated", "X-Shopify-Event-Id": "later"},
    )

    told = hooks.deliver(later).json["event_id"]
    worker.drain()

    assert worker.documents(told)["payment"].state == "posted"

"""What is done to an order while something of it is in doubt, or has been forgotten: the books end the same."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.orders import Figures, Order, figures
from tests.scene import example
from tests.worker.test_ledger_gone_back import back_up, restore

SETTLED_SECONDS = 200


@pytest.fixture
def order(hooks):
    return Order(hooks)


@pytest.fixture
def books(sandbox, order):
    return lambda: figures(sandbox.records(), order.order_id)


@pytest.fixture
def go_on(worker, clock):
    """The worker does what there is to do, as time passes."""

    def go_on() -> None:
        for _ in range(4):
            worker.drain()
            clock.advance(SETTLED_SECONDS)

    return go_on


def money(*amounts: str) -> Figures:
    return Figures(*map(Decimal, amounts))


def state(worker, event_id):
    return worker.event(event_id).state


def test_nothing_is_credited_while_it_is_in_doubt_whether_the_invoice_is_void(order, worker, books, sandbox, go_on):
    order.completed()
    worker.drain()
    sandbox.fault(on="POST /invoices/:id/status/void", times=1, do="reset_after_saving")
    cancelled = order.cancelled()
    worker.drain()
    assert worker.documents(cancelled)["void"].state == "unknown"

    reduced = order.refunded("30.00", paid_back="0")
    go_on()

    assert [state(worker, each) for each in (cancelled, reduced)] == ["posted", "posted"]
    assert sandbox.creditnotes == []
    assert books() == money("0", "0", "0", "0")


def test_nothing_is_voided_while_a_payment_is_in_doubt(order, worker, books, sandbox, go_on):
    order.completed()
    worker.drain()
    sandbox.fault(on="POST /customerpayments", times=1, do="reset")
    order.paid("100.00")
    worker.drain()
    cancelled = order.cancelled()
    worker.drain()
    assert worker.event(cancelled).reason == "busy"

    go_on()

    assert state(worker, cancelled) == "posted"
    assert sandbox.calls.get("POST /invoices/:id/status/void") is None
    assert books() == money("0", "100", "0", "100")


def test_a_cancellations_credit_note_that_was_in_doubt_is_found(order, worker, books, sandbox, go_on):
    order.completed()
    order.paid("40.00")
    worker.drain()
    sandbox.fault(on="POST /creditnotes", times=1, do="reset_after_saving")
    cancelled = order.cancelled()

    go_on()

    assert state(worker, cancelled) == "posted"
    assert len(sandbox.creditnotes) == 1
    assert books() == money("0", "40", "0", "40")


def test_a_refund_out_of_a_cancelled_order_waits_for_the_payment(order, worker, books, go_on):
    order.completed()
    order.refunded("21.00", "1")
    order.cancelled()
    worker.drain()
    refunded = order.refunded("30.00", "2")
    worker.drain()
    assert worker.event(refunded).reason == "waits_for_order"

    order.paid("100.00")
    go_on()

    assert state(worker, refunded) == "posted"
    assert books() == money("0", "49", "0", "49")


def test_a_version_that_contradicts_the_invoice_pays_nothing_by_an_older_event_in_doubt(hooks, worker, sandbox, go_on):
    paid = example("shopify/paid_order")
    told = json.loads(paid.body)
    dearer = {**told, "updated_at": "2027-03-20T10:00:00-04:00", "total_price": "124.38"}
    dearer["line_items"] = [{**told["line_items"][0], "price": "210.00"}, *told["line_items"][1:]]
    sandbox.fault(on="POST /customerpayments", times=1, do="reset_after_saving")
    first = hooks.deliver(paid).json["event_id"]
    worker.drain()
    assert worker.documents(first)["payment"].state == "unknown"

    headers = {**paid.headers, "X-Shopify-Event-Id": "another"}
    second = hooks.deliver(replace(paid, body=json.dumps(dearer).encode(), headers=headers)).json["event_id"]
    go_on()

    assert (state(worker, first), worker.event(second).error.code) == ("posted", "conflict")
    [payment] = sandbox.customerpayments
    [invoice] = sandbox.invoices
    assert (payment["amount"], invoice["balance"]) == (invoice["total"], 0)


def test_a_forgotten_payment_and_refund_are_found_in_zoho(order, worker, books, sandbox, redis, go_on):
    order.completed()
    worker.drain()
    told = [order.paid("100.00"), order.refunded("30.00"), order.refunded("20.00", "2", paid_back="20.00")]
    backup = back_up(redis)
    go_on()
    before = sandbox.records()

    restore(redis, backup)
    go_on()

    assert [state(worker, each) for each in told] == ["posted"] * 3
    after = sandbox.records()
    kinds = ("invoices", "customerpayments", "creditnotes")
    assert [after[kind] for kind in kinds] == [before[kind] for kind in kinds]
    assert books() == money("50", "50", "0", "0")


def test_a_forgotten_reduction_and_void_are_found_in_zoho(order, worker, sandbox, redis, hooks, go_on):
    other = Order(hooks)
    for each in (order, other):
        each.completed()
    worker.drain()
    told = [order.refunded("30.00", paid_back="0"), other.cancelled()]
    backup = back_up(redis)
    go_on()
    before = sandbox.records()

    restore(redis, backup)
    go_on()

    assert [state(worker, each) for each in told] == ["posted"] * 2
    after = sandbox.records()
    for call in ("POST /creditnotes", "POST /creditnotes/:id/invoices", "POST /invoices/:id/status/void"):
        assert after["calls"][call] == 1
    assert (after["invoices"], after["creditnotes"]) == (before["invoices"], before["creditnotes"])


def test_a_forgotten_deposit_is_no_part_of_what_is_recorded_after_it(hooks, worker, sandbox, redis, go_on):
    deposit = example("shopify/deposit_paid")
    told = json.loads(deposit.body)

    def tell(topic: str, **changes: str) -> None:
        headers = {**deposit.headers, "X-Shopify-Topic": topic, "X-Shopify-Event-Id": topic}
        hooks.deliver(replace(deposit, body=json.dumps({**told, **changes}).encode(), headers=headers))

    tell("orders/create")
    worker.drain()
    before = [Decimal(str(each["amount"])) for each in sandbox.customerpayments]

    redis.flushall()
    tell("orders/paid", financial_status="paid", total_outstanding="0.00", updated_at="2026-03-20T10:00:00-04:00")
    go_on()

    total = Decimal(told["total_price"])
    assert 0 < before[0] < total
    assert sorted(Decimal(str(each["amount"])) for each in sandbox.customerpayments) == sorted(
        [*before, total - before[0]]
    )
    assert [invoice["status"] for invoice in sandbox.invoices] == ["paid"]


class TestEmail:
    """Invoices that go to the customer by e-mail."""

    @pytest.fixture
    def environ(self, environ, tmp_path):
        file = tmp_path / "connections.yaml"
        file.write_text("connections: {standard: {invoices: {email: true}}}")
        return {**environ, "BOOKHOOK_CONNECTIONS": str(file)}

    def test_is_not_sent_again_by_a_ledger_that_forgot_it(self, order, worker, sandbox, redis, go_on):
        event_id = order.completed()
        backup = back_up(redis)
        worker.drain()
        assert len(sandbox.records()["emails"]) == 1

        restore(redis, backup)
        go_on()

        assert state(worker, event_id) == "posted"
        assert len(sandbox.records()["emails"]) == 1

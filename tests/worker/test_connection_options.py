"""What a connection decides about the documents of its events."""

import json
from dataclasses import replace

import pytest

from tests.orders import Order, figures
from tests.scene import example

MAIL = "POST /invoices/:id/email"


@pytest.fixture
def options() -> str:
    return "{}"


@pytest.fixture
def environ(environ, options, tmp_path):
    file = tmp_path / "connections.yaml"
    file.write_text(f"connections: {{standard: {options}}}")
    return {**environ, "BOOKHOOK_CONNECTIONS": str(file), "ZOHO_TIMEOUT_SECONDS": "1"}


@pytest.fixture
def order(hooks):
    return Order(hooks)


def steps(worker, event_id):
    return [step.step for step in worker.desk.ledger.events.timeline(event_id)]


def test_an_invoice_stays_a_draft_unless_something_else_is_wanted(order, worker, sandbox):
    order.completed()
    worker.drain()

    assert sandbox.invoices[0]["status"] == "draft"


@pytest.mark.parametrize("options", ["{invoices: {mark_sent: true}}"])
def test_an_invoice_is_marked_sent_where_the_connection_says_so(order, worker, sandbox):
    order.completed()
    worker.drain()

    assert sandbox.invoices[0]["status"] == "sent"
    assert sandbox.records()["emails"] == []


@pytest.mark.parametrize("options", ["{invoices: {email: true}}"])
class TestEmail:
    """Invoices that go to the customer by e-mail."""

    def test_goes_out_once_after_the_payment(self, order, worker, sandbox):
        paid = [{"id": f"{order.order_id}-1", "amount": "100.00", "date": "2026-03-14"}]
        for note in ("first", "again"):
            order.completed(payments=paid, note_of_the_delivery=note)
            worker.drain()

        assert len(sandbox.records()["emails"]) == 1
        assert sandbox.invoices[0]["status"] == "paid"

    @pytest.mark.parametrize("fault", ["timeout_after_saving", "reset", "answer_500"])
    def test_is_not_repeated_when_nobody_knows_whether_it_went_out(self, order, worker, sandbox, clock, fault):
        sandbox.fault(on=MAIL, times=1, do=fault, seconds=1.5)
        event_id = order.completed()
        for _ in range(3):
            worker.drain()
            clock.advance(200)

        assert sandbox.calls[MAIL] == 1
        assert worker.event(event_id).state == "posted"
        assert "email_in_doubt" in steps(worker, event_id)

    def test_is_tried_again_when_it_surely_did_not_go_out(self, order, worker, sandbox, clock):
        sandbox.fault(on=MAIL, times=1, do="answer_429_1070")
        event_id = order.completed()
        for _ in range(3):
            worker.drain()
            clock.advance(200)

        assert len(sandbox.records()["emails"]) == 1
        assert worker.event(event_id).state == "posted"

    def test_is_left_out_where_there_is_no_address(self, order, worker, sandbox):
        event_id = order.completed(customer={"id": "c1", "name": "No Mail"})
        worker.drain()

        assert sandbox.records()["emails"] == []
        assert "email_not_sent" in steps(worker, event_id)


@pytest.mark.parametrize("options", ["{payments: {record: false}}"])
def test_where_payments_are_not_recorded_a_refund_lowers_what_is_owed(order, worker, sandbox):
    order.completed()
    order.paid("100.00")
    order.refunded("30.00")
    worker.drain()

    books = figures(sandbox.records(), order.order_id)
    assert sandbox.customerpayments == []
    assert (books.net, books.owed, books.credit) == (70, 70, 0)


@pytest.mark.parametrize(
    "options",
    ["{payments: {account: Checking, accounts: {paypal: Undeposited Funds}, modes: {paypal: banktransfer}}}"],
)
def test_a_payment_goes_to_the_account_of_its_method(order, worker, sandbox):
    order.completed()
    order.paid("40.00", "1", method="PayPal")
    order.paid("60.00", "2", method="card")
    worker.drain()

    told = {each["payment_mode"]: each["account_name"] for each in sandbox.customerpayments}
    assert told == {"banktransfer": "Undeposited Funds", "card": "Checking"}


@pytest.mark.parametrize("options", ["{contact_currency: park}"])
def test_a_customer_with_another_currency_is_for_a_person_where_the_connection_wants_it(order, worker, sandbox):
    order.completed()
    worker.drain()
    again = Order(order.hooks)
    customer = {"email": f"{order.order_id}@example.com", "name": order.order_id}
    other = again.completed(customer=customer, currency="EUR")
    worker.drain()

    assert worker.event(other).error.code == "contact_currency"
    assert "EUR" in worker.event(other).error.message
    assert len(sandbox.contacts) == 1


def test_a_billable_expense_is_billed_to_its_customer(hooks, worker, sandbox):
    billable = example("standard/expense_billable")
    event_id = hooks.deliver(billable).json["event_id"]
    worker.drain()

    [expense], customers = sandbox.expenses, {each["contact_id"]: each for each in sandbox.contacts}
    assert worker.event(event_id).state == "posted"
    assert expense["is_billable"] is True
    assert customers[expense["customer_id"]]["contact_type"] == "customer"


def test_a_payment_in_another_currency_than_the_invoice_is_parked(order, worker, sandbox):
    order.completed()
    paid = order.paid("100.00", currency="EUR")
    worker.drain()

    assert worker.event(paid).error.code == "currency_differs"
    assert sandbox.customerpayments == []


def test_a_foreign_expense_keeps_its_amount_and_currency(hooks, worker, sandbox):
    told = example("standard/expense")
    data = {**json.loads(told.body)["data"], "id": "abroad", "currency": "GBP", "amount": "12.50"}
    hooks.deliver(replace(told, body=json.dumps({"type": "expense.submitted", "data": data}).encode()))
    worker.drain()

    [expense] = sandbox.expenses
    assert (expense["currency_code"], str(expense["total"]), str(expense["exchange_rate"])) == ("GBP", "12.5", "1.28")

"""What an order costs in calls to Zoho: one for a known customer's invoice, three for a new one's, one a follow-up."""

import json
from dataclasses import replace

import pytest
import simplejson

from tests.orders import Order
from tests.scene import example

SHOPIFY = example("shopify/paid_order")
INVOICE, PAYMENT, SENT, MAIL = (
    "POST /invoices",
    "POST /customerpayments",
    "POST /invoices/:id/status/sent",
    "POST /invoices/:id/email",
)
LOOK, CREATE, READ = "GET /contacts", "POST /contacts", "GET /invoices/:id"
NEW_CUSTOMERS = {LOOK: 1, CREATE: 1, INVOICE: 1}
DAY = 86_400


@pytest.fixture
def options() -> str:
    return "{}"


@pytest.fixture
def environ(environ, options, tmp_path):
    file = tmp_path / "connections.yaml"
    file.write_text(f"connections: {{standard: {options}, shopify: {{payments: {{record: false}}}}}}")
    return {**environ, "BOOKHOOK_CONNECTIONS": str(file), "ZOHO_TIMEOUT_SECONDS": "1"}


@pytest.fixture
def order(hooks, worker):
    """An order of a new customer; the lists of names have been read for another one's."""
    Order(hooks).completed()
    worker.drain()
    return Order(hooks)


@pytest.fixture
def cost(worker, sandbox):
    """Delivers, works, and tells which calls that took."""

    def cost(*deliveries) -> dict[str, int]:
        before = sandbox.calls
        for deliver in deliveries:
            deliver()
        worker.drain()
        return {call: more for call, count in sandbox.calls.items() if (more := count - before.get(call, 0))}

    return cost


def again(order) -> Order:
    """Another order of the same customer."""
    customer = order.content()["customer"]
    another = Order(order.hooks)
    tell = another.content
    another.content = lambda **changes: tell(customer=customer, **changes)
    return another


def paid(order, *amounts: str) -> list[dict[str, str]]:
    dated = {"date": "2026-03-14"}
    return [{"id": f"{order.order_id}-{n}", "amount": amount, **dated} for n, amount in enumerate(amounts)]


def test_a_new_customers_invoice_costs_three_calls_and_the_next_one(order, cost):
    assert cost(order.completed) == NEW_CUSTOMERS
    assert cost(again(order).completed) == {INVOICE: 1}


def test_a_new_customer_without_an_address_costs_three_calls_too(order, cost):
    customer = {"id": "c-7", "name": "No Mail"}

    assert cost(lambda: order.completed(customer=customer)) == NEW_CUSTOMERS
    assert cost(lambda: Order(order.hooks).completed(customer=customer)) == {INVOICE: 1}


@pytest.mark.parametrize("options", ["{contact_currency: park}"])
def test_whether_a_new_customer_has_another_currency_costs_no_call_of_its_own(order, cost):
    assert cost(order.completed) == NEW_CUSTOMERS


def test_a_new_vendors_expense_costs_three_calls_and_the_next_one(hooks, cost):
    spent = example("standard/expense")

    def spend(number: int, vendor: str) -> None:
        body = json.loads(spent.body)
        body["data"] |= {"id": f"exp-{number}", "vendor": vendor}
        headers = {**spent.headers, "webhook-id": f"msg_{number}"}
        assert hooks.deliver(replace(spent, body=json.dumps(body).encode(), headers=headers)).status_code == 202

    cost(lambda: spend(1, "Corner Shop"))
    assert cost(lambda: spend(2, "Harbour Taxi")) == {LOOK: 1, CREATE: 1, "POST /expenses": 1}
    assert cost(lambda: spend(3, "Harbour Taxi")) == {"POST /expenses": 1}


def test_each_payment_costs_one_call_and_marking_as_sent_one(order, cost):
    cost(order.completed)

    assert cost(lambda: order.paid("40.00", "1")) == {SENT: 1, PAYMENT: 1}
    assert cost(lambda: order.paid("60.00", "2")) == {PAYMENT: 1}


def test_payments_that_come_with_the_order_cost_one_call_each(order, cost):
    cost(order.completed)
    another = again(order)

    assert cost(lambda: another.completed(payments=paid(another, "40.00", "60.00"))) == {
        INVOICE: 1,
        SENT: 1,
        PAYMENT: 2,
    }


@pytest.mark.parametrize("options", ["{invoices: {mark_sent: true}}"])
def test_marking_an_invoice_as_sent_costs_one_call(order, cost):
    cost(order.completed)

    assert cost(again(order).completed) == {INVOICE: 1, SENT: 1}


@pytest.mark.parametrize("options", ["{invoices: {email: true}}"])
class TestEmail:
    """An invoice that goes to the customer by e-mail."""

    def test_costs_one_call(self, order, cost):
        cost(order.completed)

        assert cost(again(order).completed) == {INVOICE: 1, SENT: 1, MAIL: 1}

    def test_is_looked_for_once_it_is_not_sent_at_once(self, order, cost, sandbox, clock):
        cost(order.completed)
        sandbox.fault(on=MAIL, times=1, do="answer_429_1070")

        assert cost(again(order).completed) == {INVOICE: 1, SENT: 1, MAIL: 1}
        clock.advance(30)
        assert cost() == {READ: 1, MAIL: 1}
        assert len(sandbox.records()["emails"]) == 3

    def test_is_not_sent_after_somebody_sent_it_meanwhile(self, order, cost, sandbox, clock, worker):
        sandbox.fault(on=SENT, times=1, do="answer_429_1070")
        cost(order.completed)
        [invoice] = [each for each in sandbox.invoices if each["customer_name"] == order.order_id]
        address = order.content()["customer"]["email"]
        sandbox.keep_books("POST", f"/invoices/{invoice['invoice_id']}/email", {"to_mail_ids": [address]})
        clock.advance(30)

        assert MAIL not in cost()
        assert len([mail for mail in sandbox.records()["emails"] if mail["invoice_id"] == invoice["invoice_id"]]) == 1

    def test_of_an_invoice_found_after_a_doubt_is_looked_for(self, order, cost, sandbox, clock):
        cost(order.completed)
        sandbox.fault(on=INVOICE, times=1, do="reset_after_saving")
        cost(again(order).completed)
        clock.advance(5)

        assert cost() == {"GET /invoices": 1, READ: 2, SENT: 1, MAIL: 1}


def test_a_repeat_costs_nothing(order, cost):
    payments = paid(order, "100.00")
    cost(lambda: order.completed(payments=payments))

    assert cost(lambda: order.completed(payments=payments, note="once more")) == {}


def test_lists_of_names_are_read_once_a_day(order, cost, clock):
    cost(order.completed)
    orders = [again(order) for _ in range(20)]

    assert cost(*(each.completed for each in orders)) == {INVOICE: 20}
    clock.advance(DAY + 1)
    lists = {call: count for call, count in cost(again(order).completed).items() if call != INVOICE}
    assert set(lists.values()) == {1}
    assert cost(again(order).completed) == {INVOICE: 1}


def shopify_order(hooks, number: int) -> str:
    body = {**json.loads(SHOPIFY.body), "id": number, "name": f"#{number}"}
    headers = {name: value for name, value in SHOPIFY.headers.items() if "Id" not in name}
    return hooks.deliver(replace(SHOPIFY, body=json.dumps(body).encode(), headers=headers)).json["event_id"]


def test_an_id_that_is_refused_has_the_lists_read_anew(hooks, worker, cost, redis, clock):
    cost(lambda: shopify_order(hooks, 1))
    kept = simplejson.loads(redis.get("bh:lookup:10000001:taxes"))
    for row in kept["rows"]:
        row["tax_id"] = "99999"  # the tax was deleted in Zoho and made anew under the same name
    redis.set("bh:lookup:10000001:taxes", simplejson.dumps(kept))
    clock.advance(61)
    stale = []

    refused = cost(lambda: stale.append(shopify_order(hooks, 2)))
    event_id = stale[0]
    assert worker.event(event_id).state == "parked"
    assert "GET /settings/taxes" not in refused
    worker.desk.ledger.events.requeue(event_id)

    assert cost()["GET /settings/taxes"] == 1
    assert worker.event(event_id).state == "posted"

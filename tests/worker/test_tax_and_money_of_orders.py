"""What stands in Zoho of taxes, accounts and rates after an order was paid, refunded or cancelled."""

from decimal import Decimal

import pytest

from tests.orders import Order, figures

CHAIR = {"name": "Chair", "quantity": 1, "unit_price": "100.00", "taxes": [{"name": "VAT", "amount": "20.00"}]}
BOOK = {"name": "Book", "quantity": 1, "unit_price": "100.00"}
GIFT_CARDS = "{payments: {accounts: {gift_card: Gift Card Liability, card: Checking}}}"


@pytest.fixture
def options() -> str:
    return "{}"


@pytest.fixture
def environ(environ, options, tmp_path):
    file = tmp_path / "connections.yaml"
    file.write_text(f"connections: {{standard: {options}}}")
    return {**environ, "BOOKHOOK_CONNECTIONS": str(file)}


@pytest.fixture
def order(hooks):
    return Order(hooks)


def tax_of(records) -> Decimal:
    return sum((Decimal(str(tax["tax_amount"])) for record in records for tax in record["taxes"]), Decimal(0))


@pytest.mark.parametrize("how", ["refund by amount", "cancellation"])
def test_tax_that_was_credited_by_line_is_not_credited_again(order, worker, sandbox, how):
    order.completed(lines=[CHAIR, BOOK], total="220.00")
    order.paid("220.00")
    order.refunded("120.00", "1", lines=[CHAIR])
    worker.drain()
    order.refunded("100.00", "2") if how == "refund by amount" else order.cancelled()
    worker.drain()

    records = sandbox.records()
    assert tax_of(records["creditnotes"]) == tax_of(records["invoices"]) == 20
    assert figures(records, order.order_id).net == 0


def test_a_free_order_is_no_draft_for_ever(order, worker, sandbox):
    order.completed(lines=[{**BOOK, "discount": "100.00"}], total="0.00")
    worker.drain()

    assert [(invoice["status"], invoice["total"]) for invoice in sandbox.invoices] == [("paid", 0)]


@pytest.mark.parametrize("kind", ["payment", "refund"])
def test_one_id_for_two_orders_is_a_conflict_and_not_lost(order, worker, sandbox, kind):
    other = Order(order.hooks)
    for each in (order, other):
        each.completed()
        each.paid("100.00", "1", id="bank-77" if kind == "payment" else f"{each.order_id}-p")
    for each in (order, other) if kind == "refund" else ():
        each.refunded("10.00", "1", id="rf-1")
    worker.drain()

    parked = list(worker.desk.ledger.events.list(state="parked"))
    assert [event.error.code for event in parked] == ["conflict"]
    assert "another order" in parked[0].error.message


@pytest.mark.parametrize("options", [GIFT_CARDS])
class TestSeveralMethods:
    """One sum by several methods whose accounts differ."""

    def test_is_for_a_person_who_knows_the_parts(self, order, worker, sandbox):
        order.completed()
        paid = order.paid("100.00", method="gift_card, card")
        worker.drain()

        assert worker.event(paid).error.code == "several_accounts"
        assert sandbox.customerpayments == []

    def test_is_done_once_the_person_has_recorded_it(self, order, worker, sandbox):
        order.completed()
        paid = order.paid("100.00", method="gift_card, card")
        worker.drain()
        [invoice] = sandbox.invoices
        by_hand = {"customer_id": invoice["customer_id"], "payment_mode": "cash", "amount": 100, "date": "2026-03-15"}
        applied = [{"invoice_id": invoice["invoice_id"], "amount_applied": 100}]
        sandbox.keep_books("POST", "/customerpayments", {**by_hand, "invoices": applied})

        worker.desk.ledger.events.requeue(paid)
        worker.drain()

        assert worker.event(paid).state == "posted"
        assert len(sandbox.customerpayments) == 1

    def test_of_one_account_is_one_payment(self, order, worker, sandbox):
        order.completed()
        order.paid("100.00", method="cash, cheque")
        worker.drain()

        assert len(sandbox.customerpayments) == 1


def test_what_is_taken_off_is_worth_what_it_was_when_it_was_invoiced(order, worker, sandbox):
    order.completed(currency="EUR", exchange_rate="1.05")
    order.paid("100.00", currency="EUR")
    order.refunded("30.00", currency="EUR")
    order.cancelled()
    worker.drain()

    notes = sandbox.creditnotes
    assert [str(note["exchange_rate"]) for note in notes] == ["1.05", "1.05"]


@pytest.mark.parametrize("kind", ["payment", "refund"])
def test_an_amount_with_more_decimals_than_the_currency_is_parked_before_anything_is_sent(order, worker, sandbox, kind):
    order.completed()
    event_id = order.paid("33.335") if kind == "payment" else order.refunded("10.005")
    worker.drain()

    assert worker.event(event_id).error.code == "mapping_failed"
    assert "decimals" in worker.event(event_id).error.message
    assert (sandbox.customerpayments, sandbox.creditnotes) == ([], [])


@pytest.mark.parametrize("options", ["{taxes: {names: {'6%': State Tax, '2%': County Tax}}}"])
def test_two_taxes_of_one_name_are_both_carried(order, worker, sandbox):
    taxes = [{"name": "Sales tax", "amount": "6.00", "rate": "6"}, {"name": "Sales tax", "amount": "2.00", "rate": "2"}]
    order.completed(lines=[{**CHAIR, "taxes": taxes}], total="108.00")
    worker.drain()

    [invoice] = sandbox.invoices
    assert {tax["tax_name"] for tax in invoice["taxes"]} == {"State Tax", "County Tax"}
    assert invoice["adjustment"] == 0


class TestTaxesAsAmounts:
    """A deployment of which nothing is known but the mode."""

    @pytest.fixture
    def environ(self, environ):
        return {**environ, "BOOKHOOK_TAX_MODE": "amounts"}

    def test_are_owed_on_zohos_own_account_unless_another_is_named(self, order, worker, sandbox):
        order.completed(lines=[CHAIR], total="120.00")
        worker.drain()

        [invoice] = sandbox.invoices
        lines = [(line["name"], line["account_name"], line["item_total"]) for line in invoice["line_items"]]
        assert lines == [("Chair", "Sales", 100), ("VAT", "Tax Payable", 20)]

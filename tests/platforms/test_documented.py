"""The worked examples of the platforms' own documentation, with the totals printed there."""

import json
from decimal import Decimal

import pytest

from errors import TotalDiffers
from mappings import BUILT_IN, Options, Received, load_sources
from tests.platforms.books import Bookkeeper, open_books

SOURCES = load_sources(BUILT_IN)


@pytest.fixture
def bookkeeper(redis):
    books = open_books(redis)
    return Bookkeeper(books, books.names())


def body_of(source, case):
    return json.loads(next(each for each in SOURCES[source].examples() if each.case == case).body)


def drafts(source, body, topic):
    request = Received(json.dumps(body).encode(), {"Content-Type": "application/json"})
    return SOURCES[source].render(request, Options(), topic=topic)


DOCUMENTED = [("shopify", "orders/paid", "598.94", "622.22"), ("woocommerce", "order.updated", "29.35", "29.08")]


@pytest.mark.parametrize("mode", ["amounts", "none"])
@pytest.mark.parametrize(("source", "topic", "total", "_"), DOCUMENTED)
def test_a_documented_order_is_invoiced_at_its_printed_total(source, topic, total, _, mode, bookkeeper):
    invoice = drafts(source, body_of(source, "documented_order"), topic).invoice

    assert bookkeeper.post_invoice(invoice, mode) == invoice.control_total == Decimal(total)


@pytest.mark.parametrize(("source", "topic", "total", "by_rate"), DOCUMENTED)
def test_where_the_printed_taxes_are_not_of_the_rate_both_totals_are_told(source, topic, total, by_rate, bookkeeper):
    invoice = drafts(source, body_of(source, "documented_order"), topic).invoice

    with pytest.raises(TotalDiffers) as caught:
        bookkeeper.post_invoice(invoice, "zoho")
    assert total in caught.value.message
    assert by_rate in caught.value.message


def test_the_documented_shopify_order_is_paid_in_full():
    [payment] = drafts("shopify", body_of("shopify", "documented_order"), "orders/paid").payments

    assert (payment.amount, payment.method) == (Decimal("598.94"), "bogus")


def test_the_documented_shopify_refund_leaves_the_printed_current_total(bookkeeper):
    order = body_of("shopify", "documented_order")
    made = drafts("shopify", order, "orders/updated")
    [refund] = made.refunds

    assert (refund.control_total, refund.paid_back) == (Decimal("399.29"), Decimal("209.00"))
    assert bookkeeper.post_credit_note(refund, "amounts") == refund.control_total
    assert made.invoice.control_total - refund.control_total == Decimal(order["current_total_price"])


def test_the_documented_shopify_refund_of_shipping_alone_is_worth_what_went_back(bookkeeper):
    """https://shopify.dev/docs/api/admin-rest/latest/resources/refund, "Refund a specific amount of shipping"."""
    shipping = {"id": 1, "subtotal_amount_set": {"shop_money": {"amount": "5.00", "currency_code": "USD"}}}
    five = {"kind": "shipping_refund", "amount": "-5.00", "tax_amount": "0.00"}
    body = {
        "id": 929361471,
        "order_id": 450789469,
        "created_at": "2025-07-02T11:38:32-05:00",
        "refund_line_items": [],
        "refund_shipping_lines": [shipping | {"shipping_line": {"tax_lines": []}}],
        "order_adjustments": [five],
        "transactions": [{"kind": "refund", "status": "success", "amount": "5.00", "currency": "USD"}],
    }
    [refund] = drafts("shopify", body, "refunds/create").refunds

    assert (refund.control_total, refund.paid_back) == (Decimal("5.00"), Decimal("5.00"))
    assert bookkeeper.post_credit_note(refund, "zoho") == Decimal("5.00")


def test_the_documented_woocommerce_refunds_are_credited_by_amount():
    """https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-refunds: 10.00 and 9.00 of order 723."""
    refunds = [{"id": 726, "reason": "", "total": "-10.00"}, {"id": 724, "reason": "", "total": "-9.00"}]
    body = body_of("woocommerce", "documented_order") | {"id": 723, "refunds": refunds}
    found = drafts("woocommerce", body, "order.updated").refunds

    assert [(each.once_per, each.control_total, each.lines) for each in found] == [
        ("refund:726", Decimal("10.00"), ()),
        ("refund:724", Decimal("9.00"), ()),
    ]

"""What a Shopify refund is worth, and when only its order tells."""

import json
from decimal import Decimal

import pytest

from mappings import BUILT_IN, Options, Received, load_sources

SHOPIFY = load_sources(BUILT_IN)["shopify"]
HEADERS = {"Content-Type": "application/json", "X-Shopify-Topic": "refunds/create"}
ORDER = json.loads(next(each for each in SHOPIFY.examples() if each.case == "paid_order").body)
MOVED = {"kind": "refund", "status": "success", "currency": "USD", "gateway": "shopify_payments"}
DISCREPANCY = {"kind": "refund_discrepancy", "tax_amount": "0.00"}


def refund(*, rows=(), adjustments=(), moved=(), **more):
    """A refund of the example's order."""
    return {
        "id": 5,
        "order_id": ORDER["id"],
        "created_at": "2026-03-16T10:00:00-04:00",
        "refund_line_items": list(rows),
        "order_adjustments": list(adjustments),
        "transactions": list(moved),
        **more,
    }


def row(subtotal, tax):
    return {"quantity": 1, "subtotal": subtotal, "total_tax": tax, "line_item": ORDER["line_items"][0]}


def request(body, topic):
    return Received(json.dumps(body).encode(), {**HEADERS, "X-Shopify-Topic": topic})


def alone(body):
    return SHOPIFY.render(request(body, "refunds/create"), Options(), topic="refunds/create").refunds


def in_order(body, **changes):
    order = ORDER | {"refunds": [body], "financial_status": "partially_refunded"} | changes
    return SHOPIFY.render(request(order, "orders/updated"), Options(), topic="orders/updated").refunds


def ignored(body):
    return SHOPIFY.identify(request(body, "refunds/create")).ignored


@pytest.mark.parametrize("taxes_included", [True, False])
def test_a_refund_alone_and_in_its_order_is_the_same_money(taxes_included):
    paid = "44.55" if taxes_included else "47.22"
    body = refund(rows=[row("44.55", "2.67")], moved=[MOVED | {"amount": paid}])
    [one], [other] = alone(body), in_order(body, taxes_included=taxes_included)

    assert (one.control_total, one.is_inclusive_tax) == (Decimal(paid), taxes_included)
    assert (one.lines, one.control_total, one.paid_back, one.is_inclusive_tax, one.once_per) == (
        other.lines,
        other.control_total,
        other.paid_back,
        other.is_inclusive_tax,
        other.once_per,
    )


def test_a_fee_that_is_kept_is_a_line_below_zero():
    body = refund(
        rows=[row("44.55", "2.67")], adjustments=[DISCREPANCY | {"amount": "5.00"}], moved=[MOVED | {"amount": "42.22"}]
    )
    [found] = alone(body)

    assert (found.control_total, found.paid_back) == (Decimal("42.22"), Decimal("42.22"))
    assert [line.rate for line in found.lines] == [Decimal("44.55"), Decimal("-5.00")]


def test_money_without_lines_is_credited_by_amount():
    [found] = alone(refund(adjustments=[DISCREPANCY | {"amount": "-10.00"}], moved=[MOVED | {"amount": "10.00"}]))

    assert (found.control_total, found.lines) == (Decimal("10.00"), ())


def test_adjustments_that_cancel_each_other_leave_a_pending_refund_worth_nothing():
    pending = [DISCREPANCY | {"amount": amount} for amount in ("47.22", "-47.22", "47.22")]
    body = refund(
        rows=[row("44.55", "2.67")], adjustments=pending, moved=[MOVED | {"status": "pending", "amount": "9"}]
    )

    assert in_order(body) == ()
    assert "no money went back" in ignored(body)


def test_pieces_taken_off_an_order_that_is_not_paid_are_credited_without_money():
    body = refund(rows=[row("44.55", "2.67")])
    [found] = in_order(body, financial_status="pending", total_outstanding="67.16")

    assert (found.control_total, found.paid_back) == (Decimal("47.22"), Decimal(0))


def test_what_goes_back_on_the_shelf_of_a_cancelled_order_is_no_refund_besides():
    body = refund(rows=[row("44.55", "2.67")])

    assert in_order(body, financial_status="voided", cancelled_at="2026-03-16T10:00:00-04:00") == ()


def test_a_refund_whose_money_does_not_tell_its_tax_is_left_to_its_order():
    body = refund(rows=[row("44.55", "2.67")], moved=[MOVED | {"amount": "40.00"}])

    assert "only its order tells" in ignored(body)
    [found] = in_order(body)
    assert (found.control_total, found.paid_back) == (Decimal("47.22"), Decimal("40.00"))


def test_money_in_the_buyers_currency_counts_as_what_the_refund_is_worth_in_the_shops():
    body = refund(rows=[row("44.55", "2.67")], moved=[MOVED | {"amount": "43.10", "currency": "EUR"}])
    [found] = in_order(body)

    assert (found.currency_code, found.control_total, found.paid_back) == ("USD", Decimal("47.22"), Decimal("47.22"))


def test_the_taxes_of_a_refunded_line_share_what_is_refunded_to_the_cent():
    line = ORDER["line_items"][0] | {
        "tax_lines": [{"title": title, "price": "3.33", "rate": 0.02} for title in ("State Tax", "County Tax", "GST")]
    }
    body = refund(rows=[row("44.55", "5.00") | {"line_item": line}], moved=[MOVED | {"amount": "49.55"}])
    [found] = alone(body)

    assert sum(tax.amount for tax in found.lines[0].taxes) == Decimal("5.00")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (ORDER, "it is not a refund"),
        (refund(moved=[MOVED | {"amount": "5", "test": True}]), "it is a refund of a test order"),
    ],
)
def test_what_is_no_refund_of_a_real_order_is_ignored(body, reason):
    assert ignored(body) == reason


@pytest.mark.parametrize("status", ["paid", "partially_refunded"])
def test_the_payment_of_an_order_is_all_that_was_received_whatever_went_back(status):
    body = refund(rows=[row("44.55", "2.67")], moved=[MOVED | {"amount": "47.22"}])
    order = ORDER | {"refunds": [body], "financial_status": status}
    [payment] = SHOPIFY.render(request(order, "orders/updated"), Options(), topic="orders/updated").payments

    assert (payment.amount, payment.is_so_far) == (Decimal(ORDER["total_price"]), True)


def test_an_order_taken_back_whole_was_paid_as_much_as_went_back():
    body = refund(adjustments=[DISCREPANCY | {"amount": "-30.00"}], moved=[MOVED | {"amount": "30.00"}])
    order = ORDER | {"refunds": [body], "financial_status": "refunded", "cancelled_at": "2026-03-16T11:00:00-04:00"}
    [payment] = SHOPIFY.render(request(order, "orders/cancelled"), Options(), topic="orders/cancelled").payments

    assert payment.amount == Decimal("30.00")


def test_a_tip_that_is_given_back_is_a_tip():
    tip = {**ORDER["line_items"][0], "title": "Tip", "product_id": None, "tax_lines": []}
    [one] = alone(
        refund(
            rows=[{"quantity": 1, "subtotal": "5.00", "total_tax": "0.00", "line_item": tip}],
            moved=[MOVED | {"amount": "5.00"}],
        )
    )

    assert [line.purpose for line in one.lines] == ["tip"]


def test_a_product_that_is_called_tip_is_none():
    product = {**ORDER["line_items"][0], "title": "Tip", "product_id": 7}
    [one] = alone(
        refund(
            rows=[{"quantity": 1, "subtotal": "5.00", "total_tax": "0.00", "line_item": product}],
            moved=[MOVED | {"amount": "5.00"}],
        )
    )

    assert [line.purpose for line in one.lines] == [None]


def test_shipping_whose_tax_only_the_order_names_is_left_to_the_order():
    shipping = {"kind": "shipping_refund", "amount": "-4.08", "tax_amount": "-0.82"}
    body = refund(rows=[row("49.00", "8.17")], adjustments=[shipping], moved=[MOVED | {"amount": "53.90"}])

    assert "orders/updated" in ignored(body)


def test_money_that_went_back_by_several_gateways_names_them_all():
    moved = [MOVED | {"gateway": "gift_card", "amount": "20.00"}, MOVED | {"amount": "27.22"}]
    [one] = alone(refund(rows=[row("44.55", "2.67")], moved=moved))

    assert one.method == "gift_card, shopify_payments"

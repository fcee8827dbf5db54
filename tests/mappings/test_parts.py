"""An event may ask for several documents of one order: each part has its own name, condition and figures."""

import datetime
import json
from decimal import Decimal

import pytest

from drafts import CancelDraft, PaymentDraft
from errors import MappingError
from mappings import Options, Received

PARTS = """
    version?: updated
    payments:
      - each?: transactions
        when: status == 'success'
        once_per: "payment:{id}"
        date: date(day)
        amount: money(amount)
        currency_code: root('currency')
        method?: gateway
    refunds:
      each?: refunds
      once_per: "refund:{id}"
      reference_number: name
      date: date(day)
      currency_code: root('currency')
      control_total: money(total)
      paid_back?: money(back)
      lines?:
        each?: lines
        name: title
        quantity: quantity
        rate: money(price)
        purpose?: kind
        taxes?:
          each?: taxes
          name: name
          amount: money(amount)
    cancel:
      when: cancelled
      date: date(cancelled)
      reason?: why
"""
ORDER = {
    "type": "paid",
    "id": 7,
    "number": "A-7",
    "day": "2026-03-14",
    "currency": "usd",
    "buyer": {"name": "Ada Okafor", "id": 12},
    "rows": [{"title": "Cap", "quantity": 2, "price": "9.50"}],
    "total": "19.00",
}
PAID = {"id": 1, "status": "success", "day": "2026-03-15", "amount": "10.00", "gateway": "card"}
REFUND = {"id": 5, "name": "R-5", "day": "2026-03-16", "total": "4.00"}


def received(body):
    return Received(json.dumps(body).encode(), {"Content-Type": "application/json"})


@pytest.fixture
def shop(source, minimal):
    """A source that maps every part of an order."""
    return source(minimal + PARTS.lstrip("\n"))


@pytest.fixture
def drafts(shop):
    def render(**changes):
        return shop.render(received(ORDER | changes), Options(), topic="paid")

    return render


def refused(drafts, field, reason, **changes):
    with pytest.raises(MappingError, match=reason) as caught:
        drafts(**changes)
    return caught.value.field == field


def test_an_order_with_nothing_else_is_an_invoice_alone(drafts):
    made = drafts()

    assert made.invoice.control_total == Decimal("19.00")
    assert (made.payments, made.refunds, made.cancel, made.is_edit) == ((), (), None, False)


def test_every_payment_is_a_document_of_its_own_name(drafts):
    made = drafts(transactions=[PAID, PAID | {"id": 2, "status": "failure"}, PAID | {"id": 3, "amount": "9.00"}])

    assert [(each.once_per, str(each.amount)) for each in made.payments] == [
        ("payment:1", "10.00"),
        ("payment:3", "9.00"),
    ]
    assert made.payments[0] == PaymentDraft(
        once_per="payment:1",
        date=datetime.date(2026, 3, 15),
        amount=Decimal("10.00"),
        currency_code="USD",
        method="card",
    )


@pytest.mark.parametrize("amount", ["0.00", 0])
def test_a_payment_of_zero_is_left_out_whatever_else_it_lacks(drafts, amount):
    assert drafts(transactions=[{"id": 1, "status": "success", "amount": amount}]).payments == ()


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"transactions": [PAID, PAID | {"amount": None}]}, "payments[1].amount", "nothing there"),
        ({"transactions": [PAID | {"amount": "-1"}]}, "payments[0].amount", "below zero"),
        ({"transactions": [PAID | {"amount": "ten"}]}, "payments[0].amount", "not a plain amount"),
        ({"transactions": [PAID | {"id": None}]}, "payments[0].once_per", "nothing there for id"),
        ({"transactions": [PAID | {"id": " 1 "}]}, "payments[0].once_per", "spaces"),
        ({"transactions": [PAID | {"id": "1" * 200}]}, "payments[0].once_per", "1 to 200"),
        ({"transactions": [PAID, PAID]}, "payments[1].once_per", "the same as one above"),
        ({"refunds": [REFUND | {"total": "0.00"}]}, "refunds[0].control_total", "above zero"),
        ({"refunds": [REFUND | {"total": "-4.00"}]}, "refunds[0].control_total", "below zero"),
        ({"refunds": [REFUND | {"back": "4.01"}]}, "refunds[0].paid_back", "more than the whole"),
        ({"refunds": [REFUND | {"name": "R" * 84}]}, "refunds[0].reference_number", "longer than the 83"),
        ({"refunds": [REFUND | {"lines": [{"title": "Cap"}]}]}, "refunds[0].lines[0].quantity", "nothing there"),
        ({"cancelled": "soon"}, "cancel.date", "neither a date"),
    ],
)
def test_a_part_that_does_not_fit_is_named_with_its_place(drafts, changes, field, reason):
    assert refused(drafts, field, reason, **changes)


def test_a_refund_goes_by_its_lines_or_without_any_by_its_amount(drafts):
    tax = {"name": "VAT", "amount": "0.40"}
    line = {"title": "Cap", "quantity": "0.5", "price": "7.20", "taxes": [tax]}
    by_lines, by_amount = drafts(
        refunds=[REFUND | {"lines": [line]}, REFUND | {"id": 6, "back": "0", "lines": []}]
    ).refunds

    assert (by_lines.once_per, by_lines.lines[0].taxes[0].amount, by_lines.paid_back) == (
        "refund:5",
        Decimal("0.40"),
        None,
    )
    assert (by_amount.once_per, by_amount.lines, by_amount.paid_back) == ("refund:6", (), 0)


def test_an_order_is_cancelled_only_where_its_condition_holds(drafts):
    day = datetime.date(2026, 3, 17)

    assert drafts(cancelled="2026-03-17T10:00:00+01:00").cancel == CancelDraft(date=day)
    assert drafts(cancelled="2026-03-17", why="customer").cancel.reason == "customer"
    assert drafts(cancelled=None).cancel is None


def test_an_invoice_whose_condition_does_not_hold_needs_no_contact_and_no_lines(source, minimal):
    shop = source(minimal.replace("    invoice:\n", "    invoice:\n      when: ready\n") + PARTS.lstrip("\n"))
    bare = {"type": "paid", "id": 7, "buyer": {"email": "none"}}

    made = shop.render(received(bare), Options(), topic="paid")

    assert (made.invoice, made.contact, made.payments, made.cancel) == (None, None, (), None)
    assert shop.render(received(ORDER | {"ready": True}), Options(), topic="paid").invoice is not None


def test_an_edit_is_an_invoice_that_says_so(source, minimal):
    shop = source(minimal.replace("    invoice:\n", "    edit:\n      when: ready\n"))

    made = shop.render(received(ORDER | {"ready": True}), Options(), topic="paid")
    assert (made.is_edit, made.invoice.reference_number, made.contact.contact_name) == (True, "A-7", "Ada Okafor")
    with pytest.raises(MappingError) as caught:
        shop.render(received(ORDER | {"ready": True, "rows": []}), Options(), topic="paid")
    assert caught.value.field == "edit.lines"
    unready = shop.render(received(ORDER), Options(), topic="paid")
    assert (unready.invoice, unready.is_edit) == (None, False)


@pytest.mark.parametrize(
    ("updated", "version"),
    [
        ("2026-03-14T10:00:00Z", 1773482400.0),
        ("2026-03-14T11:00:00+01:00", 1773482400.0),
        ("2026-03-14T10:00:00", 1773482400.0),
        ("2026-03-14 10:00:00.5", 1773482400.5),
        (1773482400, 1773482400.0),
        ("1773482400", 1773482400.0),
        ("2026-03-14", None),
        ("yesterday", None),
        (10**30, None),
        (None, None),
        ({"at": 1}, None),
    ],
)
def test_a_version_is_a_moment_or_nothing(shop, updated, version):
    assert shop.identify(received(ORDER | {"updated": updated})).version == version


def test_a_version_needs_no_mapping_to_be_read(source):
    assert source().identify(received(ORDER | {"updated": "2026-03-14T10:00:00Z"})).version is None


def test_what_people_search_for_is_read_from_the_first_refund_too(source, minimal):
    head = minimal[: minimal.index("    contact:")]
    shop = source(head + PARTS.lstrip("\n"))

    refunded = received({"type": "paid", "id": 7, "refunds": [REFUND]})
    assert shop.references(refunded, topic="paid") == {"order_number": "R-5"}
    assert shop.references(received({"type": "paid", "id": 7, "refunds": []}), topic="paid") == {}


LINE = {"title": "Credit", "quantity": 1, "price": "-2.00"}


def test_a_line_below_zero_may_have_taxes_below_zero_and_no_other_line_may(drafts):
    tax = {"name": "VAT", "amount": "-0.40"}

    [line] = drafts(rows=[LINE | {"taxes": [tax]}]).invoice.lines
    assert (line.rate, line.taxes[0].amount) == (Decimal("-2.00"), Decimal("-0.40"))
    assert refused(
        drafts,
        "invoice.lines[0].taxes[1].amount",
        "below zero",
        rows=[{**LINE, "price": "2", "taxes": [tax | {"amount": "1"}, tax]}],
    )


def test_the_whole_amount_of_a_line_below_zero_is_divided_like_any_other(source, minimal):
    shop = source(minimal.replace("rate: money(price)", "amount: money(price)"))
    rows = [LINE | {"quantity": 4}, LINE | {"quantity": 3, "price": "-1.00"}]

    lines = shop.render(received(ORDER | {"rows": rows}), Options(), topic="paid").invoice.lines
    assert [(str(line.quantity), str(line.rate)) for line in lines] == [("4", "-0.5"), ("3", "-0.333333")]


@pytest.mark.parametrize("kind", ["shipping", "fee", "tip", "duty", "gift_card"])
def test_a_line_says_what_it_is_if_no_goods(drafts, kind):
    line = {"title": "Thing", "quantity": 1, "price": "4.00"}

    [refund] = drafts(refunds=[REFUND | {"lines": [line | {"kind": kind}, line]}]).refunds
    assert [each.purpose for each in refund.lines] == [kind, None]


def test_a_purpose_nobody_knows_is_refused_with_those_there_are(drafts):
    line = {"title": "Thing", "quantity": 1, "price": "4.00", "kind": "gift"}

    assert refused(drafts, "refunds[0].lines[0].purpose", "shipping, fee, tip", refunds=[REFUND | {"lines": [line]}])


def test_an_order_that_is_rounded_after_tax_and_rated_by_the_shop_says_so(source, minimal):
    fields = "currency_code: currency\n      exchange_rate?: money(rate)\n      adjustment?: money(rounding)\n"
    shop = source(minimal.replace("currency_code: currency\n", fields + "      adjustment_description?: why\n"))
    body = ORDER | {"rate": "1.0850", "rounding": "-0.02", "why": "Cash rounding"}

    invoice = shop.render(received(body), Options(), topic="paid").invoice
    assert (invoice.exchange_rate, invoice.adjustment) == (Decimal("1.0850"), Decimal("-0.02"))
    assert invoice.adjustment_description == "Cash rounding"
    with pytest.raises(MappingError, match="above zero") as caught:
        shop.render(received(body | {"rate": "0"}), Options(), topic="paid")
    assert caught.value.field == "invoice.exchange_rate"

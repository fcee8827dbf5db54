from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoho.arithmetic import PricedLine, TaxPart, Terms, compute
from zoho.credits import credit_lines, mirror_lines

PERCENTAGES = {"": (), "vat": ("20",), "group": ("6", "2"), "gst": ("5",)}


def parts(tax_id):
    return tuple(TaxPart(percentage, Decimal(percentage)) for percentage in PERCENTAGES[tax_id])


def line(rate="10.00", tax_id="", quantity="1", discount="0", **fields):
    return {
        "name": "Mug",
        "rate": Decimal(rate),
        "quantity": Decimal(quantity),
        "tax_id": tax_id,
        "tax_name": tax_id.upper(),
        "discount": Decimal(discount),
        **fields,
    }


def priced(item):
    return PricedLine(
        name=item["name"],
        quantity=Decimal(item["quantity"]),
        rate=item["rate"],
        discount=item.get("discount", Decimal(0)),
        taxes=parts(item.get("tax_id", "")),
    )


def invoice(*lines, **fields):
    """An invoice as Zoho shows it."""
    totals = compute(
        [priced(one) for one in lines],
        Terms(
            precision=fields.get("price_precision", 2),
            is_inclusive_tax=fields.get("is_inclusive_tax", False),
            discount=fields.pop("discount", Decimal(0)),
            shipping_charge=fields.get("shipping_charge", Decimal(0)),
            adjustment=fields.get("adjustment", Decimal(0)),
        ),
    )
    shown = [
        one
        | {
            "discount_amount": one["discount"],
            "item_total": result.net,
            "item_total_inclusive_of_tax": result.total,
            "line_item_taxes": [{"tax_amount": tax.amount} for tax in result.taxes],
        }
        for one, result in zip(lines, totals.lines, strict=True)
    ]
    return {
        "invoice_number": "INV-1",
        "currency_code": "USD",
        "total": str(totals.total),
        "line_items": shown,
        **fields,
    }


def total(body, precision=2):
    terms = Terms(precision=precision, is_inclusive_tax=body["is_inclusive_tax"])
    return compute([priced(item) for item in body["line_items"]], terms).total


def said(body, *fields):
    return [tuple(item.get(field) for field in fields) for item in body["line_items"]]


def test_an_amount_is_credited_in_the_proportions_of_the_invoices_taxes():
    body = credit_lines(invoice(line("10.00", "vat"), line("6.00"), line("5.00", "vat")), Decimal("10.00"), precision=2)

    assert body["is_inclusive_tax"] is True
    assert said(body, "name", "rate", "tax_id") == [
        ("Refund of INV-1, VAT", Decimal("7.50"), "vat"),
        ("Refund of INV-1", Decimal("2.50"), None),
    ]


def test_what_rounding_leaves_is_on_the_last_line():
    body = credit_lines(invoice(line(tax_id="vat"), line(tax_id="gst"), line()), Decimal("1.00"), precision=2)

    assert [item["rate"] for item in body["line_items"]] == [Decimal("0.37"), Decimal("0.32"), Decimal("0.31")]


def test_what_is_credited_already_is_not_credited_a_second_time():
    over = invoice(line("10.00", "vat"), line("6.00"))
    earlier = invoice(line("10.00", "vat"))

    body = credit_lines(over, Decimal("3.00"), precision=2, credited=[earlier])

    assert said(body, "name", "rate", "tax_id") == [("Refund of INV-1", Decimal("3.00"), None)]


def test_taxes_carried_as_amounts_go_back_to_their_account():
    over = invoice(line("10.00"), line("2.00", account_id="payable"))

    assert said(credit_lines(over, Decimal("6.00"), precision=2), "rate", "account_id") == [
        (Decimal("5.00"), None),
        (Decimal("1.00"), "payable"),
    ]


def test_shipping_and_adjustment_bear_no_tax():
    over = invoice(line("10.00", "vat"), shipping_charge=Decimal("5.00"), adjustment=Decimal("-1.00"))

    assert said(credit_lines(over, Decimal("8.00"), precision=2), "rate", "tax_id") == [
        (Decimal("6.00"), "vat"),
        (Decimal("2.00"), None),
    ]


def test_over_an_invoice_that_shows_no_proportions_the_amount_is_one_line():
    body = credit_lines(invoice(line("0.00", "vat")), Decimal("3.00"), precision=2)

    assert said(body, "rate", "tax_id") == [(Decimal("3.00"), None)]


@pytest.mark.parametrize("is_inclusive_tax", [False, True])
def test_a_whole_invoice_is_credited_line_by_line(is_inclusive_tax):
    over = invoice(
        line("9.90", "vat", quantity="2", item_id="7", account_id="8", unit="pcs", description="blue"),
        line("10.00", "group", discount="1.00"),
        adjustment=Decimal("-0.01"),
        shipping_charge=Decimal("4.00"),
        is_inclusive_tax=is_inclusive_tax,
    )

    body = mirror_lines(over)

    assert str(total(body)) == over["total"]
    assert body["is_inclusive_tax"] is is_inclusive_tax
    assert body["line_items"][0] == {
        "item_id": "7",
        "name": "Mug",
        "description": "blue",
        "rate": Decimal("9.90"),
        "quantity": Decimal(2),
        "unit": "pcs",
        "tax_id": "vat",
        "account_id": "8",
    }
    assert said(body, "name", "rate", "tax_id")[1:] == [
        ("Mug", Decimal("9.00"), "group"),
        ("Shipping", Decimal("4.00"), None),
        ("Rounding", Decimal("-0.01"), None),
    ]


def test_an_invoice_with_a_discount_on_everything_is_credited_by_amount():
    over = invoice(line("10.00", "vat"), line("10.00"), discount=Decimal("2.00"))

    body = mirror_lines(over)

    assert total(body) == Decimal(over["total"]) == Decimal("19.80")
    assert [name for (name,) in said(body, "name")] == ["Refund of INV-1, VAT", "Refund of INV-1"]


rates = st.decimals("0.01", 500, places=2)
lines = st.lists(
    st.builds(
        line,
        rate=rates,
        tax_id=st.sampled_from(sorted(PERCENTAGES)),
        quantity=st.sampled_from(["1", "3", "0.125"]),
        discount=st.sampled_from(["0", "0.01"]),
        account_id=st.sampled_from(["", "payable"]),
    ),
    min_size=1,
    max_size=6,
)


@given(lines=lines, is_inclusive_tax=st.booleans(), adjustment=st.decimals(-1, 1, places=2))
def test_a_mirrored_invoice_comes_to_its_total(lines, is_inclusive_tax, adjustment):
    over = invoice(*lines, is_inclusive_tax=is_inclusive_tax, adjustment=adjustment)

    assert str(total(mirror_lines(over))) == over["total"]


@given(lines=lines, is_inclusive_tax=st.booleans(), amount=rates)
def test_a_credit_by_amount_comes_to_the_amount(lines, is_inclusive_tax, amount):
    over = invoice(*lines, is_inclusive_tax=is_inclusive_tax)

    assert total(credit_lines(over, amount, precision=2)) == amount


@pytest.mark.parametrize(("code", "precision", "amount"), [("JPY", 0, "1000"), ("KWD", 3, "1.001")])
def test_other_decimals_are_kept(code, precision, amount):
    over = invoice(line("700", "vat"), line("333", "gst"), currency_code=code, price_precision=precision)

    assert total(credit_lines(over, Decimal(amount), precision=precision), precision) == Decimal(amount)
    assert total(mirror_lines(over), precision) == Decimal(over["total"])

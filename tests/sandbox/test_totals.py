"""Worked by hand from the arithmetic, so that a change of it shows."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.totals import LineInput, TaxRate, Terms, compute


def sums(invoice: dict[str, Any]) -> tuple[str, str, str]:
    return str(invoice["sub_total"]), str(invoice["tax_total"]), str(invoice["total"])


def test_each_tax_of_a_group_is_rounded_by_itself(zoho: Any) -> None:
    # 6 % of 10.25 is 0.615, 2 % is 0.205: 0.62 + 0.21, where 8 % at once would be 0.82
    invoice = zoho.billed(zoho.contact(), {"name": "Mug", "rate": 10.25, "tax_id": zoho.tax("State + County")})

    assert sums(invoice) == ("10.25", "0.83", "11.08")
    assert [(tax["tax_name"], str(tax["tax_amount"])) for tax in invoice["taxes"]] == [
        ("State Tax", "0.62"),
        ("County Tax", "0.21"),
    ]


def test_tax_is_rounded_line_by_line(zoho: Any) -> None:
    # 6 % of 0.10 is 0.006, thrice 0.01; of the sum it would be 0.02
    line = {"name": "Sticker", "rate": 0.1, "quantity": 1, "tax_id": zoho.tax("State Tax")}

    assert sums(zoho.billed(zoho.contact(), line, line, line)) == ("0.30", "0.03", "0.33")


def test_inclusive_tax_is_taken_out_of_the_price(zoho: Any) -> None:
    # 100 * 20 / 120 = 16.666...
    invoice = zoho.billed(
        zoho.contact(), {"name": "Lamp", "rate": 100, "tax_id": zoho.tax("VAT")}, is_inclusive_tax=True
    )

    assert sums(invoice) == ("83.33", "16.67", "100.00")
    assert str(invoice["line_items"][0]["item_total"]) == "83.33"
    assert str(invoice["line_items"][0]["item_total_inclusive_of_tax"]) == "100.00"


def test_an_inclusive_group_leaves_the_total_alone(zoho: Any) -> None:
    # 10 * 6 / 108 = 0.5555..., 10 * 2 / 108 = 0.1851...
    invoice = zoho.billed(
        zoho.contact(), {"name": "Mug", "rate": 10, "tax_id": zoho.tax("State + County")}, is_inclusive_tax=True
    )

    assert sums(invoice) == ("9.25", "0.75", "10.00")


def test_a_line_discount_is_an_amount_off_the_whole_line(zoho: Any) -> None:
    # 3 * 10.00 - 3.34 = 26.66; 20 % is 5.332
    line = {"name": "Shirt", "rate": 10, "quantity": 3, "discount": 3.34, "tax_id": zoho.tax("VAT")}
    invoice = zoho.billed(zoho.contact(), line, discount_type="item_level")

    assert sums(invoice) == ("26.66", "5.33", "31.99")
    assert str(invoice["line_items"][0]["discount_amount"]) == "3.34"


def test_a_line_discount_may_be_a_percentage(zoho: Any) -> None:
    # 19.95 - 1.995 = 17.955, up to 17.96; 20 % is 3.592
    line = {"name": "Shirt", "rate": 19.95, "discount": "10%", "tax_id": zoho.tax("VAT")}

    assert sums(zoho.billed(zoho.contact(), line, discount_type="item_level")) == ("17.96", "3.59", "21.55")


def test_an_invoice_discount_before_tax_lowers_the_tax(zoho: Any) -> None:
    # 10 off 30 leaves two thirds: 20 % of 6.666... is 1.33, of 13.333... is 2.67
    vat = zoho.tax("VAT")
    lines = ({"name": "A", "rate": 10, "tax_id": vat}, {"name": "B", "rate": 20, "tax_id": vat})
    invoice = zoho.billed(zoho.contact(), *lines, discount=10)

    assert sums(invoice) == ("30.00", "4.00", "24.00")
    assert str(invoice["discount_total"]) == "10.00"


def test_an_invoice_discount_in_percent_is_taken_of_the_lines(zoho: Any) -> None:
    # 10 % of 30; 20 % of 9 and of 18
    vat = zoho.tax("VAT")
    lines = ({"name": "A", "rate": 10, "tax_id": vat}, {"name": "B", "rate": 20, "tax_id": vat})

    assert sums(zoho.billed(zoho.contact(), *lines, discount="10%")) == ("30.00", "5.40", "32.40")


def test_an_invoice_discount_after_tax_leaves_the_tax(zoho: Any) -> None:
    # 10 + 2 tax + 20 - 5
    lines = ({"name": "A", "rate": 10, "tax_id": zoho.tax("VAT")}, {"name": "B", "rate": 20})
    invoice = zoho.billed(zoho.contact(), *lines, discount=5, is_discount_before_tax=False)

    assert sums(invoice) == ("30.00", "2.00", "27.00")


def test_shipping_and_adjustment_are_added_untaxed(zoho: Any) -> None:
    line = {"name": "Shirt", "rate": 10, "tax_id": zoho.tax("VAT")}
    invoice = zoho.billed(zoho.contact(), line, shipping_charge="5.00", adjustment=-0.02)

    assert sums(invoice) == ("10.00", "2.00", "16.98")


@pytest.mark.parametrize(
    ("code", "rate", "expected"),
    [
        ("JPY", "333.5", ("334", "28", "362")),  # 8.25 % of 334 is 27.555
        ("KWD", "1.2345", ("1.235", "0.102", "1.337")),  # 8.25 % of 1.235 is 0.1018875
        ("EUR", "0.125", ("0.13", "0.01", "0.14")),  # 8.25 % of 0.13 is 0.010725
    ],
)
def test_amounts_have_the_decimals_of_the_currency(zoho: Any, code: str, rate: str, expected: tuple[str, ...]) -> None:
    customer = zoho.contact(currency_id=zoho.currency(code))
    line = {"name": "Shirt", "rate": float(rate), "tax_id": zoho.tax("Sales Tax")}

    assert sums(zoho.billed(customer, line)) == expected


def test_many_digits_are_computed_exactly() -> None:
    # 0.1 + 0.2 and a third of a cent times three million
    lines = [
        LineInput(quantity=Decimal("0.1"), rate=Decimal(3)),
        LineInput(quantity=Decimal(3_000_000), rate=Decimal("0.00333333333333333333")),
    ]

    assert str(compute(lines, Terms(precision=2)).total) == "10000.30"


amounts = st.decimals(min_value=-10_000, max_value=10_000, places=4)
percentages = st.decimals(min_value=0, max_value=30, places=3)
taxes = st.lists(percentages, max_size=3).map(
    lambda rates: tuple(TaxRate(str(index), f"Tax {index}", rate) for index, rate in enumerate(rates))
)
lines = st.lists(
    st.builds(
        LineInput,
        quantity=st.decimals(min_value="0.001", max_value=500, places=3),
        rate=amounts,
        discount=amounts | st.just("12.5%"),
        taxes=taxes,
    ),
    min_size=1,
    max_size=5,
)
terms = st.builds(
    Terms,
    precision=st.sampled_from([0, 2, 3]),
    is_inclusive_tax=st.booleans(),
    discount=amounts | st.just("10%"),
    is_discount_before_tax=st.booleans(),
    shipping_charge=amounts,
    adjustment=amounts,
)


@settings(deadline=None)
@given(lines=lines, terms=terms)
def test_the_parts_add_up_to_the_total(lines: list[LineInput], terms: Terms) -> None:
    totals = compute(lines, terms)

    parts = totals.sub_total - totals.discount_total + totals.tax_total + totals.shipping_charge + totals.adjustment
    assert totals.total == parts
    assert totals.tax_total == sum(tax.amount for tax in totals.taxes)
    assert totals.sub_total == sum(line.item_total for line in totals.lines)
    assert -totals.total.as_tuple().exponent == terms.precision


@settings(deadline=None)
@given(lines=lines, precision=st.sampled_from([0, 2, 3]))
def test_inclusive_taxes_never_change_the_total(lines: list[LineInput], precision: int) -> None:
    totals = compute(lines, Terms(precision=precision, is_inclusive_tax=True))

    assert totals.total == sum(line.amount for line in totals.lines)

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import totals as other
from zoho.arithmetic import PricedLine, TaxPart, Terms, compute


def line(quantity, rate, *percentages, discount="0"):
    taxes = tuple(TaxPart(f"{percentage}%", Decimal(percentage)) for percentage in percentages)
    return PricedLine(
        name="Mug", quantity=Decimal(quantity), rate=Decimal(rate), discount=Decimal(discount), taxes=taxes
    )


def test_a_line_is_rounded_half_up_after_its_discount():
    totals = compute([line("0.125", "9.96"), line("3", "0.335", discount="0.01")], Terms(precision=2))

    assert [one.amount for one in totals.lines] == [Decimal("1.25"), Decimal("1.00")]
    assert totals.total == Decimal("2.25")


def test_every_tax_of_a_line_is_rounded_by_itself():
    totals = compute([line("1", "10.10", "6", "2"), line("1", "0.10", "6", "2")], Terms(precision=2))

    assert [[tax.amount for tax in one.taxes] for one in totals.lines] == [
        [Decimal("0.61"), Decimal("0.20")],
        [Decimal("0.01"), Decimal("0.00")],
    ]
    assert (totals.sub_total, totals.tax_total, totals.total) == (Decimal("10.20"), Decimal("0.82"), Decimal("11.02"))


def test_a_group_of_taxes_may_differ_from_one_tax_of_their_sum():
    group, single = (compute([line("1", "10.25", *taxes)], Terms(precision=2)) for taxes in (("6", "2"), ("8",)))

    assert (group.total, single.total) == (Decimal("11.08"), Decimal("11.07"))


def test_prices_that_include_tax_make_the_total_and_the_tax_is_taken_out_of_them():
    totals = compute([line("1", "88.00", "20")], Terms(precision=2, is_inclusive_tax=True))

    assert (totals.total, totals.tax_total, totals.sub_total) == (Decimal("88.00"), Decimal("14.67"), Decimal("73.33"))
    assert totals.lines[0].total == Decimal("88.00")


def test_a_discount_on_everything_before_tax_lowers_each_lines_tax():
    terms = Terms(precision=2, discount_percentage=Decimal(10))

    totals = compute([line("1", "50", "20"), line("1", "50")], terms)

    assert (totals.discount_total, totals.tax_total, totals.total) == (Decimal(10), Decimal(9), Decimal(99))


def test_a_discount_on_everything_after_tax_leaves_the_tax_alone():
    terms = Terms(precision=2, discount=Decimal(5), is_discount_before_tax=False)

    totals = compute([line("1", "50", "20")], terms)

    assert (totals.tax_total, totals.total) == (Decimal(10), Decimal(55))


def test_shipping_and_adjustment_are_added_untaxed():
    terms = Terms(precision=2, shipping_charge=Decimal("4.90"), adjustment=Decimal("-0.01"))

    assert compute([line("1", "10", "20")], terms).total == Decimal("16.89")


@pytest.mark.parametrize(("precision", "tax"), [(0, "104"), (2, "103.50"), (3, "103.500")])
def test_a_currency_keeps_its_own_decimals(precision, tax):
    totals = compute([line("1", "1035", "10")], Terms(precision=precision))

    assert str(totals.tax_total) == tax


def test_a_tax_without_a_percentage_is_its_amount():
    charged = PricedLine(name="Mug", quantity=Decimal(1), rate=Decimal(88), taxes=(TaxPart("VAT", None, Decimal(14)),))

    inclusive = compute([charged], Terms(precision=2, is_inclusive_tax=True))
    exclusive = compute([charged], Terms(precision=2))

    assert (inclusive.tax_total, inclusive.total, exclusive.total) == (Decimal(14), Decimal(88), Decimal(102))


def test_a_free_line_and_an_empty_document_come_to_nothing():
    assert compute([line("1", "10", "20", discount="10")], Terms(precision=2)).total == 0
    assert str(compute([], Terms(precision=2)).total) == "0.00"


amounts = st.decimals(-5000, 5000, places=4)
lines = st.lists(
    st.builds(
        PricedLine,
        name=st.just("Mug"),
        quantity=st.decimals("0.001", 100, places=3),
        rate=amounts,
        discount=st.decimals(0, 50, places=2),
        taxes=st.lists(
            st.builds(TaxPart, name=st.sampled_from("ABC"), percentage=st.decimals(0, 30, places=3)), max_size=3
        ).map(tuple),
    ),
    max_size=6,
)
terms = st.builds(
    Terms,
    precision=st.sampled_from([0, 2, 3]),
    is_inclusive_tax=st.booleans(),
    is_discount_before_tax=st.booleans(),
    shipping_charge=st.decimals(0, 100, places=2),
    adjustment=st.decimals(-1, 1, places=2),
)
discounts = st.one_of(
    st.decimals(0, 200, places=2).map(lambda amount: ({"discount": amount}, amount)),
    st.decimals(0, 100, places=1).map(lambda part: ({"discount_percentage": part}, f"{part}%")),
)


@given(lines=lines, terms=terms, discount=discounts)
def test_the_model_agrees_with_the_sandbox_which_computes_by_its_own_code(lines, terms, discount):
    ours, theirs = discount
    given_terms = {name: getattr(terms, name) for name in Terms.__slots__ if not name.startswith("discount")}

    computed = compute(lines, Terms(**given_terms, **ours))
    expected = other.compute([as_theirs(one) for one in lines], other.Terms(**given_terms, discount=theirs))

    fields = ("sub_total", "discount_total", "tax_total", "shipping_charge", "adjustment", "total")
    assert [str(getattr(computed, name)) for name in fields] == [str(getattr(expected, name)) for name in fields]
    assert [one.amount for one in computed.lines] == [one.amount for one in expected.lines]
    assert [[tax.amount for tax in one.taxes] for one in computed.lines] == [
        [tax.amount for tax in one.taxes] for one in expected.lines
    ]


def as_theirs(one):
    rates = tuple(other.TaxRate(tax.name, tax.name, tax.percentage) for tax in one.taxes)
    return other.LineInput(quantity=one.quantity, rate=one.rate, discount=one.discount, taxes=rates)

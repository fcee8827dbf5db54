"""Amounts set against one another, and amounts in shares that add up to them exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings import conversions, shares
from mappings.conversions import Unfit
from mappings.expressions import Interpreter, compile_expression
from mappings.scopes import Scope


def run(expression, value):
    return compile_expression(expression).run(Interpreter(Scope(root=value)), value)


def texts(amounts):
    return [str(each) for each in amounts]


def test_amounts_are_taken_from_one_another_with_their_sign():
    assert shares.less("3.00", "5.50") == Decimal("-2.50")
    assert shares.negative("-5.5") == Decimal("5.5")
    assert str(shares.negative("0")) == "0"
    assert shares.lesser("5.00", "-3") == Decimal(-3)


def test_a_quantity_at_a_price_is_exact():
    assert str(shares.times("9.96", "0.125")) == "1.24500"
    assert shares.times(Decimal("33.333333"), 3) == Decimal("99.999999")


def test_what_is_not_there_gives_nothing():
    differences = ("less(a, '1')", "less('1', a)", "lesser(a, '1')", "lesser('1', a)")
    for expression in (*differences, "negative(a)", "times(a, '2')", "times('2', a)"):
        assert run(expression, {}) is None
    for expression in ("spread(a, b)", "spread('1', a)", "beside(a, 'x', b)", "beside(b, 'x', a)"):
        assert run(expression, {"b": ["1"]}) is None


@pytest.mark.parametrize(
    ("amount", "weights", "currency", "expected"),
    [
        ("10.00", ["1", "1", "1"], None, ["3.33", "3.33", "3.34"]),
        ("10", ["1", "1", "1"], None, ["3.33", "3.33", "3.34"]),
        ("0.05", ["1"] * 4 + ["0"], None, ["0.01", "0.01", "0.01", "0.02", "0.00"]),
        ("-10.00", ["2", "1"], None, ["-6.66", "-3.34"]),
        ("1.000", ["1", "2"], None, ["0.333", "0.667"]),
        ("100", ["1", "1", "1"], "JPY", ["33", "33", "34"]),
        ("1", ["1", "1", "1"], "kwd", ["0.333", "0.333", "0.334"]),
        ("0.00", ["0", "0"], None, ["0", "0"]),
        ("5.00", ["0", "3", "0"], None, ["0.00", "5.00", "0.00"]),
        ("-10.00", ["-2", "0", "-1"], None, ["-6.66", "0.00", "-3.34"]),
        ("4.99", [Decimal("3.1110454545454547"), Decimal("1.878954545454545")], "EUR", ["3.11", "1.88"]),
    ],
)
def test_an_amount_is_spread_by_weight(amount, weights, currency, expected):
    assert texts(shares.spread(amount, weights, currency)) == expected


CENTS = st.integers(0, 10**6).map(lambda cents: Decimal(cents).scaleb(-2))


@given(CENTS, st.lists(CENTS, min_size=1, max_size=9).filter(any))
def test_shares_add_up_and_none_is_a_cent_off_or_of_another_sign(amount, weights):
    found = shares.spread(amount, weights)

    exact = [amount * weight / sum(weights) for weight in weights]
    assert conversions.total(found) == amount
    assert all(abs(share - fair) <= Decimal("0.01") for share, fair in zip(found, exact, strict=True))
    assert all(share >= 0 for share in found)
    if amount <= sum(weights):
        assert all(share <= weight for share, weight in zip(found, weights, strict=True))


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("spread('1.00', `[]`)", "no weight"),
        ("spread('1.00', ['0', '0'])", "no weight"),
        ("spread('1.00', ['2', '-1'])", "above zero and below"),
        ("spread('1.00', rows[].price)", "one of the weights is missing"),
        ("spread('1.00', '2')", "not a list of weights"),
        ("spread('1.50', ['1'], 'JPY')", "more decimals"),
        ("beside(rows, 'x', ['1'])", "same length"),
        ("beside(['1'], 'x', ['1'])", "not an object"),
        ("unfold(rows, 'taxes', 'row')", "nothing is not a list of parts"),
        ("unfold(rows[].price, 'taxes', 'row')", "not a list of objects"),
        ("unfold([{taxes: ['1']}], 'taxes', 'row')", "not an object"),
    ],
)
def test_what_cannot_be_spread_says_why(expression, reason):
    with pytest.raises(Unfit, match=reason):
        run(expression, {"rows": [{"price": "1"}, {}]})


def test_shares_stand_beside_the_rows_they_belong_to():
    rows = [{"price": "10.00"}, {"price": "20.00"}]

    found = run("beside(rows, 'share', spread('1.00', rows[].price))[].[price, share]", {"rows": rows})
    assert found == [["10.00", Decimal("0.33")], ["20.00", Decimal("0.67")]]


def test_the_parts_of_all_rows_come_one_after_the_other_each_with_its_row():
    rows = [
        {"name": "Cup", "taxes": [{"rate": 19}, {"rate": 7}]},
        {"name": "Lid", "taxes": []},
        {"taxes": [{"rate": 5}]},
    ]

    found = run("unfold(rows, 'taxes', 'row')[].[row.name, rate]", {"rows": rows})
    assert found == [["Cup", 19], ["Cup", 7], [None, 5]]
    assert run("unfold(a, 'taxes', 'row')", {}) is None

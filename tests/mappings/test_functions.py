"""The functions of a mapping: exact, strict, silent about the value."""

import datetime
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings import conversions, times
from mappings.conversions import Unfit
from mappings.expressions import BORROWED, FUNCTIONS, Interpreter, compile_expression
from mappings.scopes import Known, Scope

DAY = datetime.date(2026, 3, 14)


def run(expression, value=None, *, names=frozenset(), **scope):
    interpreter = Interpreter(Scope(root=value, **scope))
    return compile_expression(expression, Known(names, facts=True)).run(interpreter, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [(None, None), ('{"a": 0.10}', {"a": Decimal("0.10")}), ("[1, null]", [1, None]), ('"é"', "é"), ("5", 5)],
)
def test_json_is_what_the_text_says(text, value):
    assert run("json(@)", text) == value


@pytest.mark.parametrize("text", ["", " ", "{", "NaN", '{"a":1,"a":2}', "[" * 9000, '"\\ud800"', "\ud800", 5, ["{}"]])
def test_a_text_that_is_no_json_is_refused(text):
    with pytest.raises(Unfit, match="text"):
        run("json(@)", text)


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("199.00", "199.00"),
        ("-3.5", "-3.5"),
        (7, "7"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.10"), "0.10"),
        (Decimal("0E+400"), "0"),
        ("999999999999999.9999999999", "999999999999999.9999999999"),
        ("1.50000000000000", "1.50000000000000"),
    ],
)
def test_money_is_exactly_what_is_written(value, amount):
    assert str(conversions.money(value)) == amount


@pytest.mark.parametrize(
    "value",
    [
        *("", " 1", "1 ", "1,234.56", "1.234,56", "1e3", "NaN", "inf", "٣", ".5", "5.", "1_000", "$5", True, [], {}),
        *(Decimal("NaN"), Decimal("Infinity"), Decimal("1E+15"), 10**15, "1" * 16, "0.12345678901", "1" * 5000),
    ],
)
def test_money_refuses_what_is_not_one_plain_amount(value):
    with pytest.raises(Unfit):
        conversions.money(value)


@given(st.decimals(min_value=-(10**14), max_value=10**14, places=4))
def test_money_loses_nothing(amount):
    assert conversions.money(str(amount)) == conversions.money(amount) == amount


def test_functions_given_nothing_give_nothing():
    for expression in ("money(a)", "total(a)", "date(a)", "text(a)", "percent(a)", "match(a, '(?<b>c)')", "escape(a)"):
        assert run(expression, {}) is None
    for expression in (
        "difference(a, '1')",
        "scaled(a, `100`)",
        "scaled(`1`, a)",
        "minor_units(`5`, a)",
        "exact(a, 'EUR')",
        "lookup(a, 'b', 'c', 'd')",
        "unescape(a)",
    ):
        assert run(expression, {}) is None
    assert run("nonzero(a)", {}) is False


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (1999, "usd", "19.99"),
        ("65215", "USD", "652.15"),
        (500, "JPY", "500"),
        (12345, "KWD", "12.345"),
        (0, "EUR", "0"),
    ],
)
def test_minor_units_know_the_decimals_of_a_currency(amount, currency, expected):
    assert conversions.minor_units(amount, currency) == Decimal(expected)


@pytest.mark.parametrize(("amount", "currency"), [("1.5", "USD"), (1, "DOLLARS"), (1, 840), (True, "USD")])
def test_minor_units_are_whole_numbers_of_a_currency(amount, currency):
    with pytest.raises(Unfit):
        conversions.minor_units(amount, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (Decimal("17.939999999999998"), "EUR", "17.94"),
        (Decimal("-3.1899999999999995"), "usd", "-3.19"),
        (Decimal("1100.0000000000002"), "JPY", "1100"),
        (Decimal("0.30000000000000004"), "KWD", "0.300"),
        ("17.94", "EUR", "17.94"),
        (18, "EUR", "18.00"),
    ],
)
def test_a_binary_fraction_is_the_amount_it_stands_for(amount, currency, expected):
    assert str(conversions.exact(amount, currency)) == expected


@pytest.mark.parametrize(
    "amount", [Decimal("17.945"), Decimal("17.94001"), Decimal("NaN"), Decimal("1E+15"), "1e3", True]
)
def test_what_is_not_nearly_an_amount_is_not_taken_for_one(amount):
    with pytest.raises(Unfit):
        conversions.exact(amount, "EUR")


def test_a_total_is_exact_and_zero_for_nothing_in_the_list():
    assert conversions.total(["3.34", "3.33", Decimal("3.33")]) == Decimal("10.00")
    assert conversions.total([]) == 0
    assert run("total(rows[].amount)", {"rows": [{"amount": "0.1"}] * 3}) == Decimal("0.3")


@pytest.mark.parametrize(
    "expression",
    [
        "total(rows[].amount)",
        "total(rows[?kind == 'b'].amount)",
        "total(rows[*].amount)",
        "total(root('rows')[].amount)",
    ],
)
def test_a_total_never_drops_a_missing_amount(expression):
    with pytest.raises(Unfit, match="missing"):
        run(expression, {"rows": [{"amount": "1", "kind": "b"}, {"kind": "b"}]})


def test_a_total_may_choose_its_rows():
    rows = [{"amount": "1", "kind": "a"}, {"amount": "2", "kind": "b"}, {}]

    assert run("total(rows[?kind == 'b'].amount)", {"rows": rows}) == 2


def test_a_difference_is_never_below_zero():
    assert conversions.difference("30.00", "27.00") == Decimal("3.00")
    with pytest.raises(Unfit, match="larger"):
        conversions.difference("1", "2")


def test_a_share_becomes_percent():
    assert str(conversions.percent(Decimal("0.0825"))) == "8.25"
    assert str(conversions.percent("0.2")) == "20"


@pytest.mark.parametrize(
    ("value", "time_zone", "day"),
    [
        ("2026-03-14", "UTC", DAY),
        ("2026-03-14T23:59:00-08:00", "UTC", DAY),
        ("2026-03-14T00:10:00+0200", "UTC", DAY),
        ("2026-03-14 10:00:00", "Pacific/Auckland", DAY),
        ("2026-03-14T23:30:00Z", "UTC", DAY),
        ("2026-03-13T23:30:00.123Z", "Europe/Berlin", DAY),
        (1773483669, "UTC", DAY),
        ("1773483669", "Pacific/Auckland", datetime.date(2026, 3, 14)),
        ("1773530000", "Pacific/Auckland", datetime.date(2026, 3, 15)),
        ("Sat, 14 Mar 2026 23:59:00 -0800", "UTC", DAY),
        ("Fri, 13 Mar 2026 23:30:00 +0000", "Europe/Berlin", DAY),
        ("13 Mar 2026 23:30:00 GMT", "Europe/Berlin", DAY),
        ("Sun, 1 Mar 2026 00:10:00 +0200", "UTC", datetime.date(2026, 3, 1)),
    ],
)
def test_a_date_is_the_day_where_it_was_written(value, time_zone, day):
    assert times.date(value, time_zone) == day


@pytest.mark.parametrize(
    ("value", "utc"),
    [
        ("2026-03-13T23:30:00+00:00", "2026-03-13T23:30:00Z"),
        ("2026-03-13T23:30:00.123456+0000", "2026-03-13T23:30:00.123456Z"),
        ("2026-03-13 23:30:00", "2026-03-13 23:30:00Z"),
        *((same, same) for same in ("2026-03-13T23:30:00Z", "2026-03-13", 1773483669, None, "soon")),
    ],
)
def test_a_time_of_a_sender_that_writes_utc_ends_in_z(value, utc):
    assert times.utc(value) == utc


def test_a_time_with_another_offset_is_not_utc():
    with pytest.raises(Unfit, match="another"):
        times.utc("2026-03-13T23:30:00+01:00")


def test_milliseconds_are_told_and_become_seconds():
    with pytest.raises(Unfit, match=r"of milliseconds write seconds\(…\)"):
        times.date(1773483669123, "UTC")
    assert [times.seconds(value) for value in (1773483669123, "1773483669123", None)] == [1773483669, 1773483669, None]
    for value in ("soon", 1.5, True, "-1", "٣"):
        with pytest.raises(Unfit):
            times.seconds(value)


def test_a_gap_in_what_join_puts_together_is_told_with_what_to_do():
    joined = compile_expression("join(' ', [a, b])")
    with pytest.raises(Unfit, match=r"leave gaps out by \[a, b\]\[\?@\]"):
        joined.run(Interpreter(Scope()), {"a": "Ada"})
    assert compile_expression("join(' ', [a, b][?@])").run(Interpreter(Scope()), {"a": "Ada"}) == "Ada"


def test_a_moment_may_be_written_as_in_mail():
    assert times.moment("Sat, 14 Mar 2026 10:00:00 +0000") == times.moment("2026-03-14T10:00:00Z")
    assert times.moment("Sat, 14 Mar 2026 10:00:00 +0100") == times.moment("2026-03-14T09:00:00Z")


def test_a_moment_without_an_offset_is_in_utc_wherever_this_machine_stands(monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        assert times.moment("2026-03-14T10:00:00") == times.moment("2026-03-14T10:00:00Z") == 1773482400
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "value",
    [
        *("yesterday", "14.03.2026", "2026-13-01", "20260314", 20260314, "2026-W11-6", "9" * 13, -1, True, []),
        *(Decimal("1"), "Sat, 14 Mrz 2026 10:00:00 +0000", "Sat, 31 Feb 2026 10:00:00 +0000", "Sat, 14 Mar 2026"),
    ],
)
def test_a_date_is_not_guessed(value):
    with pytest.raises(Unfit):
        times.date(value, "UTC")


def test_text_is_one_trimmed_line():
    assert conversions.text(" a\x00\tb\r\n c ") == "a b c"
    assert conversions.text(" \n") is None
    assert conversions.text(207119551) == "207119551"
    assert conversions.text("abcdef", 4) == "abc…"


def test_match_gives_the_named_groups_or_nothing():
    assert run("match(@, '^(?<a>[0-9]+) (?P<b>x)?').a", "12 y") == "12"
    assert run("match(@, '(?<a>z)')", "12") is None
    with pytest.raises(Unfit, match="4000"):
        run("match(@, '(?<a>z)')", "1" * 4001)


def test_lookup_finds_the_row():
    rows = [{"id": 1, "label": "VAT"}, "odd", {"id": 2, "label": "GST"}]

    assert run("lookup(rows, 'id', `2`, 'label')", {"rows": rows}) == "GST"
    assert run("lookup(rows, 'id', `3`, 'label')", {"rows": rows}) is None


@pytest.mark.parametrize(
    ("amount", "divisor", "expected"),
    [(1999, 100, "19.99"), (500, 1, "500"), ("12345", 1000, "12.345"), (-7, 10, "-0.7")],
)
def test_an_amount_may_come_with_its_divisor(amount, divisor, expected):
    assert str(conversions.scaled(amount, divisor)) == expected


@pytest.mark.parametrize(
    ("amount", "divisor"), [(1, 0), (1, 3), (1, -10), (1, "x"), ("1.5", 10), ([], 10), (1, 10**30)]
)
def test_a_divisor_is_a_power_of_ten_and_its_amount_whole(amount, divisor):
    with pytest.raises(Unfit):
        conversions.scaled(amount, divisor)


def test_where_finds_all_rows_that_belong_to_an_item():
    rows = [{"line": 1, "name": "State"}, "odd", {"line": 2, "name": "VAT"}, {"line": 1, "name": "County"}, {}]

    assert run("where(rows, 'line', id)[].name", {"rows": rows, "id": 1}) == ["State", "County"]
    assert run("where(rows, 'line', id)", {"rows": rows, "id": 3}) == []
    assert run("where(rows, 'line', id)", {"rows": rows}) == []
    assert run("where(rows, 'line', `1`)", {}) is None
    with pytest.raises(Unfit, match="not a list"):
        run("where(rows, 'line', `1`)", {"rows": {"line": 1}})


def test_entities_come_and_go():
    assert conversions.unescape("O&#039;Neill &ndash; caf&eacute;") == "O'Neill – café"  # noqa: RUF001 (what &ndash; means)
    assert conversions.escape("<a> & 'b'") == "&lt;a&gt; &amp; 'b'"


def test_expressions_reach_headers_the_whole_body_named_values_and_facts():
    assert run("header('X-Topic')", {}, headers={"x-topic": "paid"}) == "paid"
    assert run("rows[0] | root('currency')", {"currency": "EUR", "rows": [{}]}) == "EUR"
    assert run("let('said').amount", {}, names=frozenset({"said"}), named={"said": {"amount": "5"}}) == "5"
    assert run("fact('number')", {}, facts={"number": "INV-1"}) == "INV-1"


def test_when_an_event_came_is_known_exactly_and_is_a_day_somewhere():
    came = Scope(root={}, arrived=1780000000.25, time_zone="Asia/Tokyo")
    at, day = (compile_expression(text).run(Interpreter(came), {}) for text in ("arrived()", "date(arrived())"))

    assert (at, str(day)) == ("2026-05-28T20:26:40.250000Z", "2026-05-29")
    assert times.moment(at) == came.arrived
    assert compile_expression("arrived()").run(Interpreter(Scope()), {}) is None


@pytest.mark.parametrize(
    "expression",
    [
        "total(a)",
        "match(b, '(?<x>y)')",
        "lookup(a, 'b', 'c', 'd')",
        "text(@)",
        "join(' ', [a, b])",
        "a < b",
        "length(b)",
        "keys(a)",
        "contains(b, a)",
        "starts_with(b, 'x')",
    ],
)
def test_what_does_not_fit_is_reported_without_the_value(expression):
    with pytest.raises(Unfit) as caught:
        run(expression, {"a": "secret", "b": 1})
    assert "secret" not in str(caught.value)


def test_every_function_of_our_own_is_told_apart_from_the_borrowed_ones():
    assert not FUNCTIONS & BORROWED
    assert "root" in FUNCTIONS

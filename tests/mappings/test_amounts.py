"""Amounts as people write them: what is read, what is asked back, and that an echo is what was meant."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.amounts import spoken
from mappings.conversions import minor_decimals
from mappings.currencies import CODES, MEANINGS


def read(text):
    found = spoken(text)
    return (str(found["amount"]), found["currency"], found["rest"])


@pytest.mark.parametrize(
    ("text", "amount", "currency", "rest"),
    [
        ("1.234,56 EUR meals client lunch", "1234.56", "EUR", "meals client lunch"),
        ("1,234.56 USD meals", "1234.56", "USD", "meals"),
        ("€42 travel taxi", "42", "EUR", "travel taxi"),
        ("42 € travel", "42", "EUR", "travel"),
        ("USD 42.5", "42.5", "USD", None),
        ("42.50EUR meals", "42.50", "EUR", "meals"),
        ("  18 usd   Travel ", "18", "USD", "Travel"),
        ("1 234,50 EUR meals", "1234.50", "EUR", "meals"),
        ("EUR 1\u202f234,50 meals", "1234.50", "EUR", "meals"),
        ("CHF 1'200.\u2013 hotel", "1200", "CHF", "hotel"),
        ("42,- EUR", "42", "EUR", None),
        ("12,5 EUR", "12.5", "EUR", None),
        ("1.234.567 EUR", "1234567", "EUR", None),
        ("1,23,456.78 INR", "123456.78", "INR", None),
        ("0.125 KWD", "0.125", "KWD", None),
        ("1234.567 KWD", "1234.567", "KWD", None),
        ("42 100 EUR", "42100", "EUR", None),
        ("$42 USD meals", "42", "USD", "meals"),
        ("US$ 5 meals", "5", "USD", "meals"),
        ("10 zł taxi", "10", "PLN", "taxi"),
        ("42 taxi", "42", None, "taxi"),
        ("42.50 EURO meals", "42.50", None, "EURO meals"),
        ("1200 JPY", "1200", "JPY", None),
        ("EUR 42.00 100 sheets", "42.00", "EUR", "100 sheets"),
        ("42,- 3 taxis", "42", None, "3 taxis"),
        ("12 EUR - taxi", "12", "EUR", "- taxi"),
        ("€42 bus ticket", "42", "EUR", "bus ticket"),
        ("EUR 12 kitchen", "12", "EUR", "kitchen"),
        ("EUR 5 top hats", "5", "EUR", "top hats"),
        ("42 cup of coffee", "42", None, "cup of coffee"),
        ("42 all meals", "42", None, "all meals"),
        ("42 PEN meals", "42", "PEN", "meals"),
        ("TRY 42 meals", "42", "TRY", "meals"),
    ],
)
def test_an_amount_is_read_by_rule(text, amount, currency, rest):
    assert read(text) == (amount, currency, rest)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("1.234 EUR meals", ("1234", "1.234")),
        ("1,234 EUR meals", ("1234", "1.234")),
        ("42.505 EUR", ("42505", "42.505")),
        ("1,234 KWD", ("1234", "1.234", "1.2340")),
        ("EUR 42 100 sheets of paper", ("42100", "42, for “100 …”")),
        ("EUR 2 000", ("2000 or as 2, for “000 …”", "write 2000.00 for the one, 2.00 for the other.")),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_back_with_both(text, readings):
    question = spoken(text)["question"]

    assert all(reading in question for reading in readings)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$42 meals", "USD, CAD, AUD"),
        ("42 kr", "SEK, NOK, DKK"),
        ("€42 USD", "Which currency"),
        ("42 XYZ meals", "Which currency"),
        ("-5 EUR meals", "above zero"),
        ("EUR -5 meals", "above zero"),
        ("0.00 EUR meals", "zero"),
        ("0,125 EUR", "EUR has 2 decimals"),
        ("42.5 JPY", "JPY has 0 decimals"),
        ("12.34.567 EUR", "not written like an amount"),
        ("42,50,10 EUR", "not written like an amount"),
        ("1,2345,678 EUR", "not written like an amount"),
        ("9999999999999 EUR", "too many digits"),
    ],
)
def test_what_cannot_be_meant_is_asked_back(text, words):
    assert words in spoken(text)["question"]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("€12 50 taxi", "12 50"),
        ("12 € 50", "12 50"),
        ("EUR 12 ,50", "12 ,50"),
        ("EUR 12 €5 taxi", "12 €5"),
        ("EUR 12 ½ taxi", "12 ½"),
        ("USD 12 1/2 taxi", "12 1"),
        ("EUR 5 k taxi", "5 k"),
        ("EUR 1.5 million", "1.5 million"),
        ("EUR 10 + 5 taxi", "10 + 5"),
        ("EUR 10.00 + 5.00 taxi", "10.00 + 5"),
        ("12.00 EUR x 3", "12.00 x 3"),
        ("EUR 12 \u2013 15 taxi", "12 \u2013 15"),
    ],
)
def test_what_goes_on_like_an_amount_is_asked_back_with_its_parts(text, written):
    assert spoken(text)["question"].startswith(f"“{written}”: is that one amount?")


@pytest.mark.parametrize("text", ["", "lunch", "meals 42 EUR", "42x", "EUR", "cup 5", "٤٢ EUR", None, 42, "1 " * 300])
def test_what_is_no_amount_is_nothing(text):
    assert spoken(text) is None


def test_every_sign_means_currencies_that_exist():
    assert {code for codes in MEANINGS.values() for code in codes} <= CODES


def written(digits: int, places: int, thousands: str, point: str, *, trailing: str) -> str:
    whole, fraction = divmod(digits, 10**places)
    grouped = f"{whole:,}".replace(",", thousands)
    return f"{grouped}{point}{fraction:0{places}d}{trailing}" if places else f"{grouped}{trailing}"


@given(
    cents=st.integers(1, 10**11),
    places=st.integers(0, 2),
    style=st.sampled_from([("", "."), ("", ","), (",", "."), (".", ","), ("'", "."), (" ", ","), (" ", ".")]),
    code=st.sampled_from(["EUR", "USD", "CHF", "INR"]),
    is_before=st.booleans(),
)
def test_an_amount_in_any_common_style_is_what_was_written_or_a_question(cents, places, style, code, is_before):
    """Never a third: and what is echoed, read once more, is the same amount."""
    text = written(cents, places, *style, trailing="")
    found = spoken(f"{code} {text}" if is_before else f"{text} {code}")

    meant = Decimal(cents).scaleb(-places)
    assert "question" in found or (found["amount"], found["currency"]) == (meant, code)
    is_one_group = style[0] in (",", ".") and cents < 10**6
    is_beside_what_follows = style[0] == " " and is_before
    is_asked = places == 0 and cents >= 1000 and (is_one_group or is_beside_what_follows)
    assert ("question" in found) is is_asked
    if "amount" in found:
        assert spoken(f"{found['amount']:f} {code}")["amount"] == found["amount"]


@given(st.text(alphabet="0123456789.,' -€$EURUSDkr\u2013", max_size=30))
def test_whatever_is_written_is_an_amount_a_currency_can_have_or_none(text):
    found = spoken(text) or {}

    if "amount" in found:
        assert found["amount"] > 0
        places = -int(found["amount"].normalize().as_tuple().exponent)
        assert found["currency"] is None or places <= minor_decimals(found["currency"])


def rows_of_the_page():
    page = (Path(__file__).parents[2] / "docs" / "expenses.md").read_text()
    rows = re.findall(r"^\| (`.*?) \| (.*) \|$", page, re.MULTILINE)
    return [(text, meaning) for written, meaning in rows for text in re.findall(r"`([^`]+)`", written)]


@pytest.mark.parametrize(("text", "meaning"), rows_of_the_page())
def test_the_page_says_how_an_amount_is_read(text, meaning):
    found = spoken(text)
    asked = "question" in found or found["currency"] is None

    assert asked is meaning.startswith("asked back")
    if re.match(r"[0-9]", meaning):
        amounts = [Decimal(each) for each in re.findall(r"[0-9]+(?:\.[0-9]+)?", meaning.split(":")[0])]
        assert found["amount"] in amounts

"""What a mapping leaves to a person, in its own words, before anything is made of the event."""

import json

import pytest

from errors import NeedsAttention
from mappings import Options, Received

RULES = """    let:
      rest: required(owed)
    park_if:
      - when: state == 'returned'
        because: "{number} came back"
        remedy: "Credit {number} by hand."
      - when: let('rest') < `0`
        because: more was paid than it comes to
        remedy: "Give {owed} back."
    once_per: "order:{id}"
"""
BODY = {
    "type": "paid",
    "id": 7,
    "number": "A-7",
    "day": "2026-03-14",
    "currency": "usd",
    "buyer": {"name": "Ada Okafor"},
    "rows": [{"title": "Cap", "quantity": 1, "price": "9.50"}],
    "total": "9.50",
    "owed": 0,
}


@pytest.fixture
def shop(source, minimal):
    return source(minimal.replace('    once_per: "order:{id}"\n', RULES, 1))


def render(shop, **changes):
    return shop.render(Received(json.dumps(BODY | changes).encode(), {}), Options(), topic="paid")


def test_an_event_that_no_rule_holds_for_is_rendered(shop):
    assert render(shop).once_per == "order:7"


def test_the_first_rule_that_holds_says_why_and_what_to_do(shop):
    with pytest.raises(NeedsAttention) as caught:
        render(shop, state="returned", owed=-1)

    assert (caught.value.code, caught.value.field) == ("by_hand", "park_if[0]")
    assert (caught.value.message, caught.value.remedy) == (
        "Left to a person: A-7 came back.",
        "Credit A-7 by hand.",
    )


def test_a_rule_comes_before_whatever_else_would_keep_the_event(shop):
    with pytest.raises(NeedsAttention) as caught:
        render(shop, state="returned", owed=None, total=None)

    assert caught.value.code == "by_hand"


def test_a_rule_may_use_named_values(shop):
    with pytest.raises(NeedsAttention) as caught:
        render(shop, owed=-1)

    assert caught.value.remedy == "Give -1 back."


def test_words_that_cannot_be_filled_name_their_place(shop):
    with pytest.raises(NeedsAttention) as caught:
        render(shop, state="returned", number=["A-7"])

    assert (caught.value.code, caught.value.field) == ("mapping_failed", "park_if[0].because")


def test_the_door_takes_what_will_be_left_to_a_person(shop):
    identity = shop.identify(Received(json.dumps(BODY | {"state": "returned"}).encode(), {}))

    assert (identity.once_per, identity.ignored, identity.problem) == ("order:7", None, None)


@pytest.mark.parametrize("value", ["false", "False", " 0 ", "0", 0])
@pytest.mark.parametrize(
    ("place", "field"),
    [
        ("    ignore_if:\n      - when: test\n        because: a\n", "ignore_if"),
        ("    park_if:\n      - when: test\n        because: a\n        remedy: b\n", "park_if[0].when"),
    ],
)
def test_what_says_no_and_would_hold_as_a_condition_is_left_to_a_person(source, minimal, value, place, field):
    shop = source(minimal.replace('    once_per: "order:{id}"\n', place + '    once_per: "order:{id}"\n', 1))
    received = Received(json.dumps(BODY | {"test": value}).encode(), {})

    trouble = shop.identify(received).problem
    if trouble is None:
        with pytest.raises(NeedsAttention) as caught:
            shop.render(received, Options(), topic="paid")
        trouble = caught.value

    assert (trouble.code, trouble.field) == ("mapping_failed", field)
    assert "counts as true" in trouble.message
    assert "(written as test)" in trouble.message


@pytest.mark.parametrize(
    ("value", "holds"), [(False, False), (None, False), ("", False), (True, True), ("yes", True), (5, True)]
)
def test_what_says_yes_or_no_plainly_is_taken_at_its_word(source, minimal, value, holds):
    rule = "    ignore_if:\n      - when: test\n        because: a\n"
    shop = source(minimal.replace('    once_per: "order:{id}"\n', rule + '    once_per: "order:{id}"\n', 1))

    identity = shop.identify(Received(json.dumps(BODY | {"test": value}).encode(), {}))

    assert identity.problem is None
    assert (identity.ignored is not None) is holds

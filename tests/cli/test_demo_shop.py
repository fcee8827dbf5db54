"""The shop of the demonstration, whatever day it is shown on."""

import json
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain

import pytest

from cli.demo_shop import SHOP, TEAM, half_a_year
from tests.scene import example

DAYS = [date(2024, 1, 1) + timedelta(days=number) for number in range(0, 366, 5)] + [
    date(2024, 2, 29),
    date(2024, 12, 31),
]


def bodies(today, kind):
    told = chain(*half_a_year(today, example("slack/expense")))
    return [
        json.loads(each.example.body)["data"]
        for each in told
        if each.example.case == kind and each.ends != "awaiting_approval"
    ]


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_nothing_is_from_the_future_and_payments_follow_their_orders(today):
    orders = bodies(today, "order.completed")

    assert len(orders) == 62
    for order in orders:
        dates = [order["date"], *(payment["date"] for payment in order["payments"])]
        assert dates == sorted(dates)
        assert dates[-1] <= today.isoformat()
        assert order["due_date"] >= order["date"]
    rest = bodies(today, "expense.submitted") + bodies(today, "refund.created")
    assert max(each["date"] for each in rest) <= today.isoformat()


def test_some_owe_since_long_ago_and_most_have_paid():
    orders = bodies(date(2026, 11, 27), "order.completed")

    open_ones = [order for order in orders if not order["payments"]]
    assert 5 <= len(open_ones) <= len(orders) / 3
    assert min(order["due_date"] for order in open_ones) < "2026-08-01"
    assert [
        order
        for order in orders
        if any(Decimal(each["amount"]) < Decimal(order["total"]) for each in order["payments"])
    ]


def test_an_order_that_is_paid_back_in_part_was_paid_before():
    orders = {order["id"]: order for order in bodies(date(2026, 11, 27), "order.completed")}
    refunds = bodies(date(2026, 11, 27), "refund.created")

    assert len(refunds) == 3
    assert all(Decimal(each["amount"]) <= Decimal(orders[each["order_id"]]["total"]) for each in refunds)


def test_it_is_the_same_every_time():
    first, again = (half_a_year(date(2026, 11, 27), example("slack/expense")) for _ in range(2))

    assert [(each.connection, each.example.body) for each in chain(*first)] == [
        (each.connection, each.example.body) for each in chain(*again)
    ]
    assert {each.connection for each in chain(*first)} == {SHOP, TEAM}

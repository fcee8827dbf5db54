"""Bars stand on their line, none is higher than the chart, and they keep their order."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.charts import HEIGHT, LEFT, TOP, WIDTH, bars, round_above

amounts = st.decimals("0", "1e9", places=2)


@given(st.lists(st.tuples(amounts, amounts), max_size=12))
def test_every_bar_stands_inside_the_chart(groups):
    told = bars([{"of": "x", "a": str(a), "b": str(b)} for a, b in groups], label="of", series=["a", "b"])

    assert len(told["bars"]) == 2 * len(groups)
    for bar in told["bars"]:
        assert bar["y"] + bar["height"] == told["base"] < HEIGHT
        assert bar["y"] >= TOP
        assert LEFT <= bar["x"] <= bar["x"] + bar["width"] <= WIDTH
    assert [bar["x"] for bar in told["bars"]] == sorted(bar["x"] for bar in told["bars"])


@pytest.mark.parametrize(
    ("amount", "top"), [("0", 1), ("1", 1), ("1.01", 2), ("10", 10), ("11", 20), ("45", 80), ("81", 100), ("800", 800)]
)
def test_the_scale_ends_at_a_round_number(amount, top):
    assert round_above(Decimal(amount)) == top

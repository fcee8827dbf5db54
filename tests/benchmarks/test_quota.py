"""What the share of the quota means."""

import pytest

from benchmarks.quota import FACTOR, Call, Scale, share_used

SCALE = Scale(orders=0, per_minute=10)


def calls(*minutes: float, status: int = 200) -> list[Call]:
    """Ten calls in each of these minutes of Zoho's, all at once."""
    return [Call(minute * 60 / FACTOR, "POST /invoices", status) for minute in minutes for _ in range(10)]


@pytest.mark.parametrize(
    ("minutes", "share"),
    [((0, 1, 2, 3), 1), ((0, 1.25, 2.5), 0.8), ((0, 1, 4), 0.5), ((0, 2), 0.5)],
)
def test_the_share_is_the_least_time_so_many_calls_take_over_the_time_they_took(minutes, share):
    assert share_used(calls(*minutes), SCALE) == pytest.approx(share)


def test_a_last_minute_need_not_be_full():
    assert share_used([*calls(0, 1, 2), *calls(3)[:5]], SCALE) == pytest.approx(1)


def test_refused_calls_do_not_count():
    assert share_used([*calls(0, 2), *calls(1, status=429)], SCALE) == pytest.approx(0.5)

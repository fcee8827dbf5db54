"""Calls that leave room to others wait for their turn instead of failing."""

from dataclasses import replace

import pytest

from config.organizations import Limits
from errors import QuotaExhausted
from zoho.quota import WINDOW_SECONDS, Quota


@pytest.fixture
def quota(organization, redis, clock):
    limits = Limits(per_minute=6, per_day=10, concurrent=4)
    return Quota(replace(organization, limits=limits), redis=redis, clock=clock)


def call(quota, times=1):
    for _ in range(times):
        with quota.reserve(seconds=30):
            pass


def test_half_of_the_minute_is_left_to_others(quota, clock):
    waited = []

    def pause(seconds):
        waited.append(seconds)
        clock.pass_seconds(seconds)

    with quota.yielding(pause):
        call(quota, 4)

    assert waited == [pytest.approx(WINDOW_SECONDS)]
    call(quota, 5)


def test_without_yielding_the_whole_minute_is_used_and_nobody_waits(quota):
    with quota.yielding(lambda seconds: None):
        pass
    call(quota, 6)

    with pytest.raises(QuotaExhausted):
        call(quota)


def test_what_takes_longer_than_a_minute_is_refused(quota, clock):
    call(quota, 6)
    clock.pass_seconds(WINDOW_SECONDS)
    call(quota, 3)
    clock.pass_seconds(WINDOW_SECONDS)

    with quota.yielding(lambda seconds: pytest.fail("it waits for tomorrow")), pytest.raises(QuotaExhausted):
        call(quota)

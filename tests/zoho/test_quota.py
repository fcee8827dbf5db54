import dataclasses
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest

from config.organizations import Limits
from errors import QuotaExhausted
from zoho.quota import Quota

PROGRAM = """
import sys
from redis import Redis
from config.organizations import Limits, Organization
from errors import QuotaExhausted
from zoho.quota import Quota

organization = Organization(organization_id="10000001", accounts_url="", api_url="", web_url="", client_id="",
                            client_secret="", refresh_token="", limits=Limits(60, 1000, 5))
quota = Quota(organization, redis=Redis(unix_socket_path=sys.argv[1]), clock=lambda: 1_800_000_000.0)
count = 0
while True:
    try:
        with quota.reserve(seconds=10):
            count += 1
    except QuotaExhausted:
        break
print(count)
"""


def take_all(quota: Quota) -> int:
    count = 0
    while True:
        try:
            with quota.reserve(seconds=10):
                count += 1
        except QuotaExhausted:
            return count


@pytest.fixture
def make_quota(redis, clock, organization):
    def make(per_minute=1000, per_day=10_000, concurrent=1000, organization_id="10000001"):
        changed = dataclasses.replace(
            organization, limits=Limits(per_minute, per_day, concurrent), organization_id=organization_id
        )
        return Quota(changed, redis=redis, clock=clock)

    return make


def spend(quota: Quota, calls: int) -> None:
    for _ in range(calls):
        with quota.reserve(seconds=10):
            pass


def test_the_minute_slides(make_quota, clock):
    quota = make_quota(per_minute=3)
    spend(quota, 2)
    clock.pass_seconds(40)
    spend(quota, 1)

    with pytest.raises(QuotaExhausted, match="minute") as caught, quota.reserve(seconds=10):
        pass
    assert caught.value.retry_after_seconds == pytest.approx(21, abs=0.01)

    clock.pass_seconds(21)
    spend(quota, 2)
    assert quota.usage()["minute_used"] == 3


def test_the_day_ends_at_midnight_utc(make_quota, clock):
    quota = make_quota(per_day=2)
    clock.now = 1_800_057_600 - 600.0  # ten minutes before a midnight
    spend(quota, 2)

    with pytest.raises(QuotaExhausted, match="today") as caught, quota.reserve(seconds=10):
        pass
    assert caught.value.retry_after_seconds == pytest.approx(600, abs=0.01)

    clock.pass_seconds(600)
    spend(quota, 1)
    assert quota.usage()["day_used"] == 1


def test_a_place_in_flight_is_free_again_when_the_call_ends(make_quota):
    quota = make_quota(concurrent=2)

    with ExitStack() as stack:
        stack.enter_context(quota.reserve(seconds=10))
        stack.enter_context(quota.reserve(seconds=10))
        with pytest.raises(QuotaExhausted, match="in flight"):
            stack.enter_context(quota.reserve(seconds=10))
        assert quota.usage()["in_flight"] == 2

    assert quota.usage()["in_flight"] == 0


def test_a_place_is_free_after_an_error_too(make_quota):
    quota = make_quota(concurrent=1)

    with pytest.raises(ZeroDivisionError), quota.reserve(seconds=10):
        1 / 0  # noqa: B018

    assert quota.usage()["in_flight"] == 0


def test_a_killed_process_frees_its_place_when_its_call_would_be_over(make_quota, clock):
    quota = make_quota(concurrent=1)
    quota.reserve(seconds=10).__enter__()

    clock.pass_seconds(10.01)

    spend(quota, 1)


def test_a_refused_reservation_counts_nothing(make_quota):
    quota = make_quota(per_minute=1)
    spend(quota, 1)
    for _ in range(5):
        with pytest.raises(QuotaExhausted), quota.reserve(seconds=10):
            pass

    assert quota.usage() == {
        "minute_used": 1,
        "minute_limit": 1,
        "day_used": 1,
        "day_limit": 10_000,
        "in_flight": 0,
    }


def test_zohos_refusal_closes_the_gate_for_everyone_and_a_shorter_one_does_not_open_it(make_quota, clock):
    make_quota().close(60)
    make_quota().close(1.5)
    clock.pass_seconds(59)

    with pytest.raises(QuotaExhausted, match="pause") as caught, make_quota().reserve(seconds=10):
        pass
    assert caught.value.retry_after_seconds == pytest.approx(1, abs=0.01)

    clock.pass_seconds(1)
    spend(make_quota(), 1)


def test_organizations_do_not_share(make_quota):
    spend(make_quota(per_minute=1), 1)

    spend(make_quota(per_minute=1, organization_id="10000002"), 1)


def test_threads_never_take_more_than_there_is(make_quota, run_threads):
    quota = make_quota(per_minute=50)

    taken = run_threads(16, lambda: take_all(quota))

    assert sum(taken) == 50


def test_processes_never_take_more_than_there_is(redis, redis_socket):
    command = [sys.executable, "-c", PROGRAM, redis_socket]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    counts = [int(process.communicate(timeout=60)[0]) for process in processes]

    assert sum(counts) == 60


def test_tickets_are_calls_reserved_ahead_and_used_first(make_quota):
    quota = make_quota(per_minute=5)

    [first, second] = quota.reserve_ahead([2, 2, 2])
    assert quota.usage()["minute_used"] == 4
    with quota.holding(first):
        spend(quota, 2)
    assert (quota.usage()["minute_used"], quota.usage()["day_used"]) == (4, 4)

    with quota.holding(second):
        spend(quota, 1)
    assert (quota.usage()["minute_used"], quota.usage()["day_used"]) == (3, 3)


def test_a_call_beyond_the_tickets_needs_a_place_of_its_own(make_quota):
    quota = make_quota(per_minute=2)
    [tickets] = quota.reserve_ahead([2])

    with quota.holding(tickets), pytest.raises(QuotaExhausted):
        spend(quota, 3)


def test_no_tickets_are_given_while_closed_or_beyond_the_day(make_quota, clock):
    quota = make_quota(per_minute=100, per_day=3)
    assert [len(tickets) for tickets in quota.reserve_ahead([1, 2, 1])] == [1, 2]

    assert quota.reserve_ahead([1]) == []
    fresh = make_quota(organization_id="10000002")
    fresh.close(30)
    assert fresh.reserve_ahead([1]) == []
    clock.pass_seconds(31)
    assert len(fresh.reserve_ahead([1])) == 1


def test_what_is_lacking_is_reserved_together_and_what_is_left_is_given_back(make_quota):
    quota = make_quota(per_minute=5)
    [tickets] = quota.reserve_ahead([1])

    with quota.holding(tickets):
        quota.hold(3)
        assert quota.usage()["minute_used"] == 3
        spend(quota, 2)
        quota.hold(1)
    assert (quota.usage()["minute_used"], quota.usage()["day_used"]) == (2, 2)


def test_without_room_for_all_none_is_reserved_and_it_is_told_when_there_will_be(make_quota, clock):
    quota = make_quota(per_minute=4)
    spend(quota, 1)
    clock.pass_seconds(10)
    spend(quota, 1)
    clock.pass_seconds(10)

    with quota.holding(()), pytest.raises(QuotaExhausted, match="minute") as caught:
        quota.hold(4)
    assert (caught.value.calls, quota.usage()["minute_used"]) == (4, 2)
    assert caught.value.retry_after_seconds == pytest.approx(50.5, abs=0.01)


@pytest.mark.parametrize(
    ("apart", "seconds", "wait"),
    [
        ((0.0, 0.2, 0.4), 61.0, None),  # each place is free by the time its call is made
        ((0.0, 0.2, 0.4), 60.9, 0.1),  # the first is not
        ((0.0, 0.4, 0.4), 61.0, 0.15),  # the second is not
        ((0.0, 0.2, 0.9), 61.0, 0.4),  # the third is not
    ],
)
def test_calls_that_follow_each_other_need_their_places_one_after_the_other(make_quota, clock, apart, seconds, wait):
    quota, began = make_quota(per_minute=3), clock.now
    for later in apart:
        clock.now = began + later
        spend(quota, 1)
    clock.now = began + seconds

    with quota.holding(()):
        if wait is None:
            quota.hold(3)
            assert quota.usage()["minute_used"] == 3
        else:
            with pytest.raises(QuotaExhausted) as caught:
                quota.hold(3)
            assert caught.value.retry_after_seconds == pytest.approx(wait, abs=0.01)


@pytest.mark.parametrize(("limits", "reason"), [({"per_day": 2}, "today"), ({}, "pause")])
def test_it_is_told_which_limit_keeps_calls_from_being_reserved(make_quota, clock, limits, reason):
    quota = make_quota(**limits)
    clock.now = 1_800_057_600 - 600.0  # ten minutes before a midnight
    if not limits:
        quota.close(600)

    with quota.holding(()), pytest.raises(QuotaExhausted, match=reason) as caught:
        quota.hold(3)
    assert caught.value.retry_after_seconds == pytest.approx(600, abs=0.01)


def test_more_calls_than_a_minute_has_are_not_waited_for(make_quota):
    quota = make_quota(per_minute=2)

    with quota.holding(()):
        quota.hold(7)
        spend(quota, 2)


def test_tickets_of_threads_are_their_own(make_quota):
    quota = make_quota(per_minute=4)
    [tickets] = quota.reserve_ahead([3])

    def call() -> None:
        spend(quota, 1)

    with quota.holding(tickets):
        other = threading.Thread(target=call)
        other.start()
        other.join()
        assert quota.usage()["minute_used"] == 4
        spend(quota, 3)
    assert quota.usage()["minute_used"] == 4

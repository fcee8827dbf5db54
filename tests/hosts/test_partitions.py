"""Hosts that are cut off in mid-flight and come back: nothing is lost, nothing doubled, the quota stays shared."""

import threading
import time

from tests.chaos.plan import Delivery, Plan, draw
from tests.e2e.conftest import until
from tests.hosts.stage import BOTH, CALLS_PER_MINUTE, TIMEOUT_SECONDS, WORKERS, await_end, count_books, sent

SLOW_SECONDS = 3.0
MOST_RESERVED_EARLY = 10
MINUTE = 60.0
UNDER_WAY = 3


def test_a_worker_that_is_cut_off_for_a_minute_in_mid_flight_loses_and_doubles_nothing(stage):
    plan = draw(1, 170)
    with sent(stage, plan, seconds=95) as sender:
        cut_off = cut_in_mid_flight(stage, *BOTH)
        cut_at = time.monotonic()
        let_pass(TIMEOUT_SECONDS)
        early = posted(stage)
        until(lambda: all(map(stage.was_taken_over, cut_off)), "its events are taken over")
        let_pass(cut_at + MINUTE - time.monotonic())
        late = posted(stage)
        mend(stage, *BOTH)
        await_end(stage, plan)

    assert count_books(stage, plan, sender) == []
    assert late["worker-b"] == early["worker-b"]
    assert posted(stage)["worker-a"] > late["worker-a"] > early["worker-a"]
    assert stage.with_step("found_after_doubt") & set(cut_off)
    # A place is reserved up to half a second before it is free; that Zoho had to refuse none is counted with the books.
    assert CALLS_PER_MINUTE <= stage.busiest_minute <= CALLS_PER_MINUTE + MOST_RESERVED_EARLY


def test_a_worker_that_reaches_zoho_but_not_redis_leaves_nothing_that_is_posted_twice(stage):
    plan = draw(2, 80)
    with sent(stage, plan, seconds=30) as sender:
        cut_off = cut_in_mid_flight(stage, "inner")
        until(lambda: all(map(stage.was_taken_over, cut_off)), "its events are taken over")
        mend(stage, "inner")
        await_end(stage, plan)

    assert count_books(stage, plan, sender) == []
    assert stage.with_step("found_after_doubt") & set(cut_off)


def test_what_a_worker_could_not_get_through_to_zoho_does_not_arrive_once_its_cable_is_back(stage):
    plan = draw_known_buyers(70)
    with sent(stage, plan, seconds=35) as sender:
        await_mid_flight(stage)
        stage.speed_up()
        let_pass(SLOW_SECONDS)  # the calls are answered, each over a connection that is kept
        stage.network.cut("worker-b", "outer")
        until(lambda: stage.with_step("absent_after_doubt"), "something is posted again")
        mend(stage, "outer")
        await_end(stage, plan)

    assert count_books(stage, plan, sender) == []


def test_a_door_that_does_not_reach_redis_keeps_what_comes_until_it_does(stage):
    plan = draw(4, 60)
    with sent(stage, plan, seconds=20) as sender:
        until(lambda: sum(posted(stage).values()) >= 5, "the workers post")
        stage.network.cut("web-1", "inner")
        until(lambda: stage.spooled("web-1") >= 5, "web-1 keeps what comes")
        before = sum(posted(stage).values())
        until(lambda: sum(posted(stage).values()) >= before + 10, "what comes in through web-2 goes on")
        stage.network.mend("web-1", "inner")
        until(lambda: stage.spooled("web-1") == 0, "web-1 has recorded what it kept")
        await_end(stage, plan)

    assert count_books(stage, plan, sender) == []


def draw_known_buyers(orders):
    """A plan of so many orders by three buyers, evenly spread: each but their first begins with a write to Zoho."""
    requests = draw(3, 1000).requests[: 3 * 50]  # the three rushes that every plan begins with
    shuffled = tuple(requests[number % 3 * 50 + number // 3] for number in range(orders))
    return Plan(shuffled, tuple(Delivery(number / orders, number) for number in range(orders)))


def cut_in_mid_flight(stage, *switches):
    """Cuts worker-b off while it has calls under way, and both workers have posted; gives the events it was at."""
    await_mid_flight(stage)
    stage.network.cut("worker-b", *switches)
    stage.speed_up()
    return stage.handed_to("worker-b")


def await_mid_flight(stage):
    """Returns when both workers have posted, and worker-b has calls under way that Zoho takes its time for."""
    until(lambda: min(posted(stage).values()) >= 5, "both workers post")
    stage.slow_down(seconds=SLOW_SECONDS)
    until(lambda: stage.is_sending("worker-b", documents=UNDER_WAY), "worker-b has calls under way")


def mend(stage, *switches):
    """Puts the cables of worker-b back, and returns when it posts again and RQ hears from it."""
    mended_at, before = time.time(), stage.posted_by("worker-b")
    stage.network.mend("worker-b", *switches)
    until(lambda: stage.posted_by("worker-b") > before, "worker-b posts again")
    until(lambda: stage.at_work("worker-b", since=mended_at) == 1, "RQ hears from it")


def let_pass(seconds):
    """How long a cable is out is what this is about."""
    threading.Event().wait(seconds)


def posted(stage):
    return {worker: stage.posted_by(worker) for worker in WORKERS}

"""Whose turn it is: organizations take turns, and RQ holds no more than Zoho allows in flight."""

from dataclasses import replace

import pytest
from redis import Redis

from ledger.arrivals import Arrival
from ledger.events import LEASE_SECONDS, Finished
from ledger.leases import RENEW_SECONDS
from ledger.ledger import Ledger
from ledger.records import Trouble

BIG, SMALL = "10000001", "10000002"
ARRIVAL = Arrival(connection="c", source="s", organization=BIG, topic="t", delivery=None, headers={}, body=b"")
TROUBLE = Trouble(code="quota_exhausted", message="No calls left.")


@pytest.fixture
def ledger(redis: Redis, clock) -> Ledger:
    return Ledger(redis, clock=clock)


def record(ledger: Ledger, body: str, organization: str = BIG) -> str:
    return ledger.events.record(replace(ARRIVAL, organization=organization, body=body.encode())).event_id


def record_a_second_later(ledger: Ledger, clock, body: str) -> str:
    clock.advance(1)
    return record(ledger, body)


def jobs(redis: Redis) -> list[str]:
    return [job.decode().rsplit("-", 1)[0] for job in redis.lrange("rq:queue:bookhook", 0, -1)]


def take(ledger: Ledger, event_id: str, process: str = "p1"):
    begun = ledger.events.begin(event_id, process=process)
    assert begun is not None
    return begun


def turn(ledger: Ledger, organization: str = BIG, at_once: int = 4) -> list[str]:
    offered = ledger.dispatch.offer(organization, at_once=at_once)
    return ledger.dispatch.hand(organization, {event: ["t"] for event in offered})


def test_with_no_backlog_an_event_goes_to_rq_as_it_is_recorded(ledger, redis):
    event_id = record(ledger, "1")

    assert jobs(redis) == [event_id]
    assert ledger.dispatch.take_turns() == []


def test_rq_is_given_no_more_than_may_be_in_flight(ledger, redis, clock):
    ids = []
    for number in range(10):
        clock.advance(1)
        ids.append(record(ledger, str(number)))

    assert jobs(redis) == ids[:4]
    assert ledger.dispatch.waiting(BIG) == 6
    assert turn(ledger) == []
    _, lease = take(ledger, ids[0])
    ledger.events.finish(ids[0], lease, "posted")
    assert turn(ledger) == [ids[4]]


def test_an_arrival_never_overtakes_what_waits(ledger, redis, clock):
    ids = []
    for number in range(5):
        clock.advance(1)
        ids.append(record(ledger, str(number)))
    _, lease = take(ledger, ids[0])
    ledger.events.finish(ids[0], lease, "posted")

    clock.advance(1)
    late = record(ledger, "late")

    assert late not in jobs(redis)
    assert turn(ledger) == [ids[4]]


def test_a_backlog_of_one_organization_does_not_hold_up_another(ledger, redis):
    for number in range(2_000):
        record(ledger, str(number))

    first = record(ledger, "other", SMALL)

    assert len(jobs(redis)) == 5
    assert jobs(redis)[-1] == first


def test_organizations_take_turns(ledger, clock, monkeypatch):
    monkeypatch.setattr("ledger.dispatch.MOST_TURNS", 1)
    for organization in (BIG, SMALL):
        for number in range(8):
            record(ledger, f"{organization}{number}", organization)

    served = []
    for _ in range(4):
        clock.advance(1)
        [organization] = ledger.dispatch.take_turns()
        served.append(organization)
        for event_id in turn(ledger, organization, at_once=5):
            _, lease = take(ledger, event_id)
            ledger.events.finish(event_id, lease, "posted")

    assert served[0] != served[1]
    assert served[2:] == served[:2]


def test_people_go_before_events_and_old_before_new(ledger, clock):
    ids = []
    for number in range(8):
        clock.advance(1)
        ids.append(record(ledger, str(number)))
    for event_id in ids[:4]:
        _, lease = take(ledger, event_id)
        ledger.events.finish(event_id, lease, "parked")
    ledger.events.requeue(ids[3])

    assert turn(ledger) == [ids[3], ids[4], ids[5], ids[6]]


def test_an_event_without_quota_waits_for_its_turn_and_says_how_many_calls_it_needs(ledger, redis):
    event_id = record(ledger, "1")
    _, lease = take(ledger, event_id)
    ledger.events.wait(event_id, lease, needs=3, seconds=40, trouble=TROUBLE)

    waiting = ledger.events.get(event_id)
    assert (waiting.state, waiting.reason) == ("waiting", "quota_exhausted")
    assert waiting.due_at.timestamp() == ledger.clock() + 40
    assert ledger.dispatch.offer(BIG, at_once=4) == {event_id: 3}
    assert ledger.dispatch.hand(BIG, {event_id: ["a", "b", "c"]}) == [event_id]
    event, _ = take(ledger, event_id)
    assert event.tickets == ("a", "b", "c")


def test_what_is_offered_twice_is_handed_once(ledger):
    ids = [record(ledger, str(number)) for number in range(5)]
    _, lease = take(ledger, ids[0])
    ledger.events.finish(ids[0], lease, "posted")
    offered = ledger.dispatch.offer(BIG, at_once=4)

    assert ledger.dispatch.hand(BIG, dict.fromkeys(offered, ())) == list(offered)
    assert ledger.dispatch.hand(BIG, dict.fromkeys(offered, ())) == []


def test_a_paused_organization_gets_nothing_then_one_to_try_then_all(ledger, redis, clock):
    assert ledger.dispatch.pause(BIG, reason="The grant is revoked.", seconds=60) is True
    assert ledger.dispatch.pause(BIG, reason="The grant is revoked.", seconds=60) is False
    ids = []
    for number in range(3):
        clock.advance(1)
        ids.append(record(ledger, str(number)))
    assert jobs(redis) == []
    assert turn(ledger) == []
    assert ledger.dispatch.paused(BIG).reason == "The grant is revoked."

    clock.advance(61)
    assert turn(ledger) == ids[:1]
    assert turn(ledger) == []

    _, lease = take(ledger, ids[0])
    assert ledger.events.finish(ids[0], lease, "posted") == Finished.DONE_AND_RESUMED
    assert ledger.dispatch.paused(BIG) is None
    assert set(turn(ledger)) == set(ids[1:])


def test_while_zoho_hangs_one_that_a_living_worker_has_keeps_the_others(ledger, clock):
    ledger.dispatch.slow_down(BIG, seconds=600)
    first, _ = [record_a_second_later(ledger, clock, str(number)) for number in range(2)]
    _, lease = take(ledger, first)

    with ledger.leases.event(first, lease):
        for _ in range(6):
            clock.advance(RENEW_SECONDS)
            assert turn(ledger) == []
            ledger.leases.renew()


@pytest.mark.parametrize("reason", ["slow", "paused"])
def test_a_worker_that_dies_with_the_one_to_try_keeps_the_others_for_six_seconds(ledger, clock, reason):
    if reason == "slow":
        ledger.dispatch.slow_down(BIG, seconds=600)
    else:
        ledger.dispatch.pause(BIG, reason="The grant is revoked.", seconds=0)
    first, second, third = [record_a_second_later(ledger, clock, str(number)) for number in range(3)]
    take(ledger, first)

    clock.advance(5)
    assert turn(ledger) == []
    clock.advance(1)
    assert turn(ledger) == [second]
    take(ledger, second)
    clock.advance(6)
    assert turn(ledger, at_once=2) == [], "never more than may be in flight"
    assert turn(ledger) == [third]


def test_one_to_try_that_rq_was_given_and_lost_keeps_the_others_for_six_seconds(ledger, clock):
    ledger.dispatch.slow_down(BIG, seconds=600)
    _, second = [record_a_second_later(ledger, clock, str(number)) for number in range(2)]

    clock.advance(4)
    assert turn(ledger) == []
    clock.advance(1)
    assert turn(ledger) == [second]


def crash(ledger: Ledger, clock) -> None:
    """The process dies: nobody renews, and the leases end."""
    clock.advance(LEASE_SECONDS)
    ledger.events.wake()


def test_an_event_that_kills_its_worker_is_parked_after_three_crashes_alone(ledger, clock):
    event_id = record(ledger, "poison")
    for process in ("p1", "p2", "p3"):
        take(ledger, event_id, process)
        crash(ledger, clock)
        turn(ledger)

    event = ledger.events.get(event_id)
    assert (event.state, event.error.code) == ("parked", "poison")


def test_only_what_was_at_work_among_others_when_a_worker_died_twice_is_tried_alone(ledger, clock):
    twice, once = record(ledger, "twice"), record(ledger, "once")
    take(ledger, twice, "p1")
    take(ledger, once, "p1")
    crash(ledger, clock)
    turn(ledger)
    assert [ledger.events.get(event_id).suspect for event_id in (twice, once)] == [False, False]
    _, lease = take(ledger, once, "p2")
    ledger.events.finish(once, lease, "posted")

    neighbour = record(ledger, "neighbour")
    take(ledger, twice, "p2")
    take(ledger, neighbour, "p2")
    crash(ledger, clock)

    assert [ledger.events.get(event_id).suspect for event_id in (twice, once, neighbour)] == [True, False, False]


def test_neighbours_of_a_crash_are_suspects_and_not_blamed(ledger, clock):
    poison, neighbour = record(ledger, "poison"), record(ledger, "neighbour")
    for _ in range(5):
        take(ledger, poison)
        take(ledger, neighbour)
        crash(ledger, clock)
        assert set(turn(ledger)) == {poison, neighbour}

    assert [ledger.events.get(event_id).state for event_id in (poison, neighbour)] == ["queued", "queued"]
    event, lease = take(ledger, neighbour)
    assert event.suspect
    ledger.events.finish(neighbour, lease, "posted")
    assert not ledger.events.get(neighbour).suspect


def test_a_suspect_that_had_its_process_for_itself_is_to_blame(ledger, clock):
    poison, neighbour = record(ledger, "poison"), record(ledger, "neighbour")
    take(ledger, neighbour, "p0")
    for process in ("p1", "p2", "p3"):
        take(ledger, poison, process)
        clock.advance(LEASE_SECONDS)
        ledger.events.wake()
        turn(ledger)

    assert ledger.events.get(poison).state == "parked"
    assert ledger.events.get(neighbour).state == "queued"


def test_a_stop_is_no_crash(ledger, clock):
    event_id = record(ledger, "1")
    for _ in range(4):
        _, lease = take(ledger, event_id)
        assert ledger.events.hand_back(event_id, lease) is True
        assert turn(ledger) == [event_id]

    event, _ = take(ledger, event_id)
    assert not event.suspect


def test_losing_every_key_of_rq_loses_nothing(ledger, redis, clock):
    ids = {record(ledger, str(number)) for number in range(10)}
    for key in redis.scan_iter("rq:*"):
        redis.delete(key)

    done = set()
    for _ in range(10):
        clock.advance(13)
        ledger.events.wake()
        for event_id in turn(ledger):
            _, lease = take(ledger, event_id)
            ledger.events.finish(event_id, lease, "posted")
            done.add(event_id)

    assert done == ids


def test_of_more_organizations_than_one_process_can_look_at_every_one_has_its_turn(ledger, redis, clock, monkeypatch):
    monkeypatch.setattr("ledger.dispatch.MOST_TURNS", 2)
    redis.zadd("bh:turns", {str(number): 0 for number in range(5)})

    served = []
    for _ in range(3):
        clock.advance(1)
        served.append(ledger.dispatch.take_turns())

    assert served == [["0", "1"], ["2", "3"], ["4", "0"]]

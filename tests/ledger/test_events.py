"""The record of events, on a real Redis."""

import json
from dataclasses import replace

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from ledger.arrivals import Arrival
from ledger.events import LEASE_SECONDS, LOST_JOB_SECONDS, Finished, Suspect
from ledger.ledger import Ledger
from ledger.records import Trouble

ARRIVAL = Arrival(
    connection="shopify",
    source="shopify",
    organization="10000001",
    topic="orders/paid",
    delivery="d-1",
    headers={"X-Shopify-Topic": "orders/paid", "Authorization": "Bearer x"},
    body=b'{"id": 1}',
)
TROUBLE = Trouble(code="zoho_unavailable", message="Zoho is away.")


@pytest.fixture
def ledger(redis: Redis, clock) -> Ledger:
    return Ledger(redis, clock=clock)


def jobs(redis: Redis) -> list[str]:
    return [job.decode() for job in redis.lrange("rq:queue:bookhook", 0, -1)]


def give_turn(ledger: Ledger) -> list[str]:
    """Hands over whatever RQ has room for, as a dispatcher would with quota to spare."""
    offered = ledger.dispatch.offer("10000001", at_once=10)
    return ledger.dispatch.hand("10000001", dict.fromkeys(offered, ()))


def begin(ledger: Ledger, event_id: str):
    begun = ledger.events.begin(event_id, process="p1")
    assert begun is not None
    return begun


def test_an_arrival_is_recorded_and_queued_in_one_step(ledger, redis):
    recorded = ledger.events.record(ARRIVAL)

    event = ledger.events.get(recorded.event_id)
    assert (recorded.status, event.state, event.body) == ("queued", "queued", ARRIVAL.body)
    assert event.headers == {"x-shopify-topic": "orders/paid"}
    assert jobs(redis) == [f"{recorded.event_id}-1"]


def test_arrivals_recorded_together_are_each_recorded_once(ledger, redis):
    other = replace(ARRIVAL, delivery="d-2", body=b'{"id": 2}')

    first, second, repeat = ledger.events.record_all([ARRIVAL, other, ARRIVAL])

    assert [first.status, second.status] == ["queued", "queued"]
    assert (repeat.status, repeat.event_id) == ("duplicate", first.event_id)
    assert len(jobs(redis)) == 2


def test_arrivals_are_recorded_by_a_redis_that_forgot_the_script(ledger, redis):
    ledger.events.record(ARRIVAL)
    redis.script_flush()

    [second] = ledger.events.record_all([replace(ARRIVAL, delivery="d-2", body=b'{"id": 2}')])

    assert ledger.events.get(second.event_id).state == "queued"
    assert len(jobs(redis)) == 2


def test_an_arrival_that_redis_refuses_does_not_keep_the_others_out(ledger, redis):
    redis.set("bh:events:odd:queued", "not a list")
    odd = replace(ARRIVAL, connection="odd", delivery="d-2", body=b"2")

    first, refused, last = ledger.events.record_all([ARRIVAL, odd, replace(ARRIVAL, delivery="d-4", body=b"4")])

    assert [first.status, last.status] == ["queued", "queued"]
    assert isinstance(refused, ResponseError)
    with pytest.raises(ResponseError):
        ledger.events.record(replace(odd, delivery="d-3", body=b"3"))


@pytest.mark.parametrize(
    "again",
    [
        replace(ARRIVAL, body=b'{"id": 1, "late": true}'),
        replace(ARRIVAL, delivery="d-2"),
        replace(ARRIVAL, delivery=None),
    ],
    ids=["same identity", "same body under another identity", "same body without identity"],
)
def test_a_repeat_gives_the_first_event(ledger, redis, again):
    first = ledger.events.record(ARRIVAL)

    repeat = ledger.events.record(again)

    assert (repeat.status, repeat.event_id) == ("duplicate", first.event_id)
    assert len(jobs(redis)) == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(ARRIVAL, delivery="d-2", body=b'{"id": 2}'),
        replace(ARRIVAL, topic="orders/create"),
        replace(ARRIVAL, connection="second-shop"),
    ],
    ids=["another order", "another topic", "another connection"],
)
def test_something_else_is_not_a_repeat(ledger, other):
    first = ledger.events.record(ARRIVAL)

    second = ledger.events.record(other)

    assert second.status == "queued"
    assert second.event_id != first.event_id


def test_an_ignored_arrival_is_kept_but_not_queued(ledger, redis):
    recorded = ledger.events.record(replace(ARRIVAL, ignored="a test order"))

    assert ledger.events.get(recorded.event_id).state == "ignored"
    assert [step.detail for step in ledger.events.timeline(recorded.event_id)] == ["", "a test order"]
    assert jobs(redis) == []


def test_only_one_worker_gets_an_event(ledger):
    event_id = ledger.events.record(ARRIVAL).event_id

    assert ledger.events.begin(event_id, process="p1") is not None
    assert ledger.events.begin(event_id, process="p2") is None


def test_what_may_have_killed_its_worker_is_begun_alone_or_not_at_all(ledger, clock):
    event_id = ledger.events.record(ARRIVAL).event_id
    begin(ledger, event_id)
    clock.advance(16)
    assert ledger.events.wake() == [event_id]

    with pytest.raises(Suspect):
        ledger.events.begin(event_id, process="p", in_company=True)

    assert ledger.events.get(event_id).state == "queued"
    assert ledger.events.begin(event_id, process="p") is not None


def test_a_waiting_event_is_handed_over_when_it_is_due(ledger, redis, clock):
    event_id = ledger.events.record(ARRIVAL).event_id
    _, lease = begin(ledger, event_id)
    ledger.events.wait(event_id, lease, seconds=60, trouble=TROUBLE)

    clock.advance(59)
    assert ledger.events.wake() == []
    waiting = ledger.events.get(event_id)
    assert (waiting.state, waiting.reason, waiting.due_at.timestamp()) == ("waiting", TROUBLE.code, clock() + 1)

    clock.advance(1)
    assert ledger.events.wake() == [event_id]
    assert ledger.events.get(event_id).state == "queued"
    assert give_turn(ledger) == [event_id]
    assert jobs(redis)[-1] == f"{event_id}-2"


def test_an_event_of_a_dead_worker_is_taken_back_when_its_lease_ends(ledger, clock):
    event_id = ledger.events.record(ARRIVAL).event_id
    _, lease = begin(ledger, event_id)

    clock.advance(LEASE_SECONDS - 1)
    assert ledger.events.wake() == []
    clock.advance(1)
    assert ledger.events.wake() == [event_id]

    assert ledger.events.finish(event_id, lease, "posted") == Finished.LEASE_LOST
    assert ledger.events.get(event_id).state == "queued"


def test_a_renewed_lease_keeps_the_event(ledger, clock):
    event_id = ledger.events.record(ARRIVAL).event_id
    _, lease = begin(ledger, event_id)

    with ledger.leases.event(event_id, lease):
        clock.advance(LEASE_SECONDS - 1)
        ledger.leases.renew()
        clock.advance(LEASE_SECONDS - 1)

        assert ledger.events.wake() == []
        assert ledger.events.finish(event_id, lease, "posted") == Finished.DONE


def test_an_event_whose_job_rq_lost_is_handed_over_again(ledger, redis, clock):
    event_id = ledger.events.record(ARRIVAL).event_id
    redis.delete("rq:queue:bookhook", f"rq:job:{event_id}-1")

    clock.advance(LOST_JOB_SECONDS)
    assert ledger.events.wake() == []
    clock.advance(1)
    assert ledger.events.wake() == [event_id]

    assert give_turn(ledger) == [event_id]
    assert jobs(redis) == [f"{event_id}-2"]
    assert ledger.events.wake() == []


def test_a_parked_event_says_why_and_a_person_may_retry_it(ledger, redis):
    event_id = ledger.events.record(ARRIVAL).event_id
    _, lease = begin(ledger, event_id)
    why = Trouble(code="unknown_tax", message="No tax X.", remedy="Create it.", field="lines[0].taxes[0]")
    ledger.events.finish(event_id, lease, "parked", error=why, detail="unknown_tax")

    assert ledger.events.get(event_id).error == why
    assert ledger.events.requeue(event_id) is None

    assert (ledger.events.get(event_id).state, ledger.events.get(event_id).error) == ("queued", None)
    assert give_turn(ledger) == [event_id]
    assert jobs(redis)[-1] == f"{event_id}-2"


def test_only_what_is_parked_or_waits_can_be_retried(ledger):
    event_id = ledger.events.record(ARRIVAL).event_id

    assert ledger.events.requeue(event_id) == "queued"
    assert ledger.events.requeue("ev_unknown00") == ""


def test_events_are_listed_and_counted_by_state_connection_and_time(ledger, clock):
    ids = []
    for number in range(3):
        clock.advance(1)
        ids.append(ledger.events.record(replace(ARRIVAL, delivery=None, body=b"%d" % number)).event_id)
    other = ledger.events.record(replace(ARRIVAL, connection="second-shop", ignored="test")).event_id

    assert [event.event_id for event in ledger.events.list(connection="shopify")] == ids[::-1]
    assert [event.event_id for event in ledger.events.list(state="ignored")] == [other]
    assert [event.event_id for event in ledger.events.list(state="queued", newest=1)] == [ids[-1]]
    assert [event.event_id for event in ledger.events.list(state="ignored", connection="shopify")] == []
    counts = ledger.events.counts()
    assert (counts["queued"], counts["ignored"], ledger.events.backlog("10000001")) == (3, 1, 3)


def test_a_finished_event_expires_after_the_retention_and_a_parked_one_never(ledger, redis):
    finished, parked = (ledger.events.record(replace(ARRIVAL, delivery=None, body=b)).event_id for b in (b"1", b"2"))
    for event_id, state in ((finished, "posted"), (parked, "parked")):
        _, lease = begin(ledger, event_id)
        ledger.events.finish(event_id, lease, state)

    assert redis.ttl(f"bh:event:{finished}") == 90 * 86400
    assert redis.ttl(f"bh:timeline:{finished}") == 90 * 86400
    assert redis.ttl(f"bh:event:{parked}") == -1


def test_the_lists_forget_what_has_expired(ledger, redis, clock):
    old = ledger.events.record(ARRIVAL).event_id
    _, lease = begin(ledger, old)
    ledger.events.finish(old, lease, "posted")
    redis.delete(f"bh:event:{old}")

    clock.advance(91 * 86400)
    new = ledger.events.record(replace(ARRIVAL, delivery="d-9", body=b"9")).event_id
    _, lease = begin(ledger, new)
    ledger.events.finish(new, lease, "posted")

    assert [event.event_id for event in ledger.events.list()] == [new]
    assert ledger.events.counts()["posted"] == 1


def test_the_lists_forget_what_was_ignored(ledger, redis, clock):
    ids = []
    for day in range(3):
        ids.append(ledger.events.record(replace(ARRIVAL, delivery=None, body=b"%d" % day, ignored="test")).event_id)
        redis.delete(f"bh:event:{ids[0]}")
        clock.advance(60 * 86400)

    assert redis.zrange("bh:events:shopify:ignored", 0, -1) == [event_id.encode() for event_id in ids[1:]]


def test_nothing_is_noted_of_an_event_that_is_forgotten(ledger, redis):
    event_id = ledger.events.record(ARRIVAL).event_id
    redis.delete(f"bh:event:{event_id}", f"bh:timeline:{event_id}")

    ledger.events.note(event_id, "invoice_deleted")

    assert redis.keys("bh:timeline:*") == []


def test_the_timeline_keeps_the_newest_two_hundred_steps(ledger):
    event_id = ledger.events.record(ARRIVAL).event_id
    for number in range(150):
        _, lease = begin(ledger, event_id)
        ledger.events.finish(event_id, lease, "parked", detail=str(number))
        ledger.events.requeue(event_id)
        give_turn(ledger)

    steps = ledger.events.timeline(event_id)
    assert len(steps) == 200
    assert json.dumps(steps[-1].step) == '"retried"'


def test_an_event_is_found_by_what_people_have_in_hand(ledger):
    event = ledger.events.get(ledger.events.record(ARRIVAL).event_id)
    ledger.search.index(event, ["#1001", "Jane@Example.com"])

    assert ledger.search.find("jane@example.com ") == [event.event_id]
    assert ledger.search.find("#1001") == [event.event_id]
    assert ledger.search.find("#1002") == []


def test_no_search_key_shows_an_address(ledger, redis):
    event = ledger.events.get(ledger.events.record(ARRIVAL).event_id)
    ledger.search.index(event, ["jane@example.com"])

    assert [key for key in redis.scan_iter("*") if b"jane" in key.lower()] == []

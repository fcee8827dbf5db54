"""One deed on many events: begun once, counted once, whoever works on it and wherever they die."""

import pytest

from ledger.arrivals import Arrival
from ledger.bulks import LEASE_SECONDS, Chosen
from ledger.calls import CallMade

PARKED = Chosen(state="parked")
RETENTION = 90 * 86400
CALL = CallMade(
    at="2026-07-01T00:00:00Z",
    seconds=0.1,
    method="POST",
    path="/invoices",
    params={},
    status=201,
    code="0",
    message="",
    counted=True,
    worker="p",
    body=None,
    length=0,
    answer={},
)


@pytest.fixture
def ids(ledger, clock, redis):
    """A hundred parked events, all received at one moment."""
    recorded = []
    for number in range(100):
        arrival = Arrival(
            connection="shop",
            source="shopify",
            organization="1",
            topic="orders/paid",
            delivery=str(number),
            headers={},
            body=str(number).encode(),
        )
        event_id = ledger.events.record(arrival).event_id
        _, lease = ledger.events.begin(event_id, process="p")
        ledger.events.finish(event_id, lease, "parked")
        recorded.append(event_id)
    return recorded


def test_it_is_for_the_events_that_were_there_as_it_began(ledger, ids, clock):
    bulk_id, is_new = ledger.bulks.start("retry", PARKED, by="ann")
    ledger.events.requeue(ids[0])

    bulk = ledger.bulks.get(bulk_id)

    assert is_new
    assert (bulk.total, bulk.left, bulk.done) == (100, 100, 0)


def test_what_is_counted_twice_counts_once(ledger, ids):
    bulk_id, _ = ledger.bulks.start("retry", PARKED, by="ann")
    bulk = ledger.bulks.get(bulk_id)
    outcomes = {ids[0]: None, ids[1]: "It is posted."}

    ledger.bulks.tally(bulk, outcomes)
    ledger.bulks.tally(bulk, {ids[0]: "It is queued.", ids[1]: "It is queued."})

    now = ledger.bulks.get(bulk_id)
    assert (now.done, now.refused, now.left, now.total) == (1, {"It is posted.": 1}, 98, 100)


def test_with_its_last_event_it_is_over_and_may_begin_anew(ledger, ids, clock, redis):
    bulk_id, _ = ledger.bulks.start("retry", PARKED, by="ann")
    bulk = ledger.bulks.get(bulk_id)
    clock.advance(60)

    ledger.bulks.tally(bulk, dict.fromkeys(ids))

    now = ledger.bulks.get(bulk_id)
    assert (now.state, now.done, now.is_over) == ("done", 100, True)
    assert now.ended_at > now.at
    assert ledger.bulks.take("p") == []
    assert 0 < redis.ttl(f"bh:bulk:{bulk_id}") <= RETENTION
    assert ledger.bulks.start("retry", PARKED, by="ann")[0] != bulk_id


def test_the_same_is_one_and_another_deed_is_not_the_same(ledger, ids):
    first, _ = ledger.bulks.start("retry", PARKED, by="ann")

    assert ledger.bulks.start("retry", PARKED, by="bob") == (first, False)
    assert ledger.bulks.start("end", PARKED, by="bob")[1]
    assert ledger.bulks.start("retry", Chosen(state="parked", connection="shop"), by="bob")[1]


def test_choosing_keeps_what_fits_though_a_piece_is_looked_at_twice(ledger, ids):
    bulk_id, _ = ledger.bulks.start("retry", Chosen(state="parked", failure="some"), by="ann")
    first = ledger.bulks.get(bulk_id)
    piece = ledger.bulks.piece(first, 60)

    ledger.bulks.sift(first, piece, piece[:10])
    ledger.bulks.sift(first, piece, [])  # another worker, that was slower: its word does not count
    second = ledger.bulks.get(bulk_id)
    rest = ledger.bulks.piece(second, 60)
    ledger.bulks.sift(second, rest, rest[:5])

    now = ledger.bulks.get(bulk_id)
    assert (now.state, now.left) == ("running", 15)
    assert set(ledger.bulks.piece(now, 60)) == {*piece[:10], *rest[:5]}


def test_what_was_chosen_of_a_piece_that_is_gone_lets_no_other_through_unseen(ledger, ids):
    bulk_id, _ = ledger.bulks.start("end", Chosen(state="parked", failure="some"), by="ann")
    first = ledger.bulks.get(bulk_id)
    piece = ledger.bulks.piece(first, 60)

    ledger.bulks.sift(first, piece, [])
    ledger.bulks.sift(first, piece, piece[:50])  # chosen before, told late by a worker whose lease is over
    second = ledger.bulks.get(bulk_id)

    assert (second.state, second.looked, second.left) == ("choosing", 0, 40)


def test_a_choice_that_nothing_fits_is_over(ledger, ids):
    bulk_id, _ = ledger.bulks.start("retry", Chosen(state="parked", failure="some"), by="ann")
    bulk = ledger.bulks.get(bulk_id)

    ledger.bulks.sift(bulk, ledger.bulks.piece(bulk, 500), [])

    assert ledger.bulks.get(bulk_id).state == "done"


def test_one_process_at_a_time_goes_on_with_it_until_its_lease_ends(ledger, ids, redis):
    bulk_id, _ = ledger.bulks.start("retry", PARKED, by="ann")

    assert [bulk.id for bulk in ledger.bulks.take("one")] == [bulk_id]
    assert ledger.bulks.take("other") == []
    assert [bulk.id for bulk in ledger.bulks.take("one")] == [bulk_id]
    assert 0 < redis.ttl(f"bh:bulk:{bulk_id}:worker") <= LEASE_SECONDS


def test_a_cancelled_bulk_counts_what_was_under_way_and_stays_cancelled(ledger, ids):
    bulk_id, _ = ledger.bulks.start("retry", PARKED, by="ann")
    bulk = ledger.bulks.get(bulk_id)

    assert ledger.bulks.cancel(bulk_id, by="bob")
    ledger.bulks.tally(bulk, dict.fromkeys(ids))

    now = ledger.bulks.get(bulk_id)
    assert (now.state, now.cancelled_by, now.done) == ("cancelled", "bob", 100)
    assert not ledger.bulks.cancel(bulk_id, by="bob")
    assert not ledger.bulks.cancel("bk_unknown", by="bob")


def test_many_reasons_are_counted_under_one(ledger, ids):
    bulk_id, _ = ledger.bulks.start("retry", PARKED, by="ann")
    bulk = ledger.bulks.get(bulk_id)

    ledger.bulks.tally(bulk, {each: f"Because of {each}." for each in ids})

    refused = ledger.bulks.get(bulk_id).refused
    assert sum(refused.values()) == 100
    assert refused["For other reasons."] == 50


def test_what_is_long_over_is_forgotten(ledger, ids, clock):
    old, _ = ledger.bulks.start("retry", PARKED, by="ann")
    ledger.bulks.cancel(old, by="ann")
    clock.advance(RETENTION + 1)
    new, _ = ledger.bulks.start("retry", PARKED, by="ann")

    assert [bulk.id for bulk in ledger.bulks.newest(10)] == [new]


def test_an_event_that_runs_again_is_kept_until_it_ends_anew(ledger, ids, redis, clock):
    [event_id] = ids[:1]
    ledger.calls.gather(event_id, CALL)
    _end(ledger, event_id)
    while ledger.archive.tidy():
        pass
    assert redis.exists(f"bh:archive:{event_id}")

    assert ledger.events.replay(event_id) is None

    assert {redis.ttl(f"bh:{part}:{event_id}") for part in ("event", "timeline", "calls")} == {-1}
    assert ledger.events.timeline(event_id)[-1].step == "replayed"
    assert ledger.events.replay(event_id) == "queued"
    assert ledger.events.replay("ev_unknown") == ""


def _end(ledger, event_id):
    ledger.events.requeue(event_id)
    _, lease = ledger.events.begin(event_id, process="p")
    ledger.events.finish(event_id, lease, "posted")

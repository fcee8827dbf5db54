"""Events that have ended are put away, small, and nothing else is seen of that."""

import hashlib
import json
import zlib
from dataclasses import replace

import pytest

from ledger.archive import WORDS, Archive
from ledger.arrivals import Arrival
from ledger.records import Trouble

BODY = json.dumps({"id": 1, "line_items": [{"title": f"Chair {n}", "price": "10.00"} for n in range(40)]}).encode()
HEADERS = {"X-Shopify-Topic": "orders/paid", "Content-Type": "application/json"}
ARRIVAL = Arrival(
    connection="shopify",
    source="shopify",
    organization="10000001",
    topic="orders/paid",
    delivery="d-1",
    headers=HEADERS,
    body=BODY,
    order="order:1",
    version=5.0,
)
TROUBLE = Trouble(code="undone", message="It was undone.", remedy="Retry it.")
RETENTION = 90 * 86400


def end(ledger, arrival=ARRIVAL, state="posted", **words):
    """The id of an event that has ended."""
    event_id = ledger.events.record(arrival).event_id
    _, lease = ledger.events.begin(event_id, process="p")
    ledger.documents.claim("shopify/invoice/order:1", event_id=event_id, lease=lease)
    ledger.events.finish(event_id, lease, state, terms=["#1001"], **words)
    return event_id


def told(ledger, event_id):
    """All that is told of an event."""
    return (
        ledger.events.get(event_id),
        ledger.events.timeline(event_id),
        ledger.documents.of(event_id),
        ledger.search.find("#1001"),
        list(ledger.events.list()),
        list(ledger.events.list(state="posted", connection="shopify")),
        ledger.events.counts(),
    )


@pytest.fixture
def archived(ledger, redis):
    event_id = end(ledger)
    ledger.archive.tidy()
    assert redis.exists(f"bh:archive:{event_id}") == 1
    return event_id


def test_what_is_told_of_an_event_is_the_same_in_the_archive(ledger, redis):
    event_id = end(ledger)
    before = told(ledger, event_id)

    assert ledger.archive.tidy() == 1

    assert told(ledger, event_id) == before
    assert (before[0].body, before[0].headers["x-shopify-topic"]) == (BODY, "orders/paid")
    assert redis.keys(f"bh:event:{event_id}") + redis.keys("bh:timeline:*") == []


def test_an_event_in_the_archive_takes_up_less_than_its_compressed_body_and_half_a_kilobyte(redis, archived):
    assert redis.memory_usage(f"bh:archive:{archived}", samples=0) < len(zlib.compress(BODY)) + 512


def test_it_is_forgotten_when_the_event_would_have_been(redis, archived):
    assert RETENTION - 5 < redis.ttl(f"bh:archive:{archived}") <= RETENTION


def test_only_what_has_ended_is_put_away(ledger, redis):
    parked = end(ledger, state="parked", error=TROUBLE)
    queued = ledger.events.record(replace(ARRIVAL, delivery="d-2", body=b"{}")).event_id

    assert ledger.archive.tidy() == 0
    redis.rpush("bh:to_archive", parked, queued)
    ledger.archive.tidy()

    assert redis.keys("bh:archive:*") == []


def test_an_event_that_was_ignored_at_the_door_is_put_away(ledger):
    event_id = ledger.events.record(replace(ARRIVAL, ignored="a test order")).event_id

    assert ledger.archive.tidy() == 1

    assert ledger.events.get(event_id).state == "ignored"
    assert [step.step for step in ledger.events.timeline(event_id)] == ["received", "ignored"]


def test_what_changes_while_it_is_packed_stays_as_it_is(ledger, redis, monkeypatch):
    event_id, stored = end(ledger), Archive.stored

    def read_too_early(archive, event_ids, **asked):
        found = stored(archive, event_ids)
        ledger.events.note(event_id, "invoice_deleted")
        return found

    monkeypatch.setattr(Archive, "stored", read_too_early)
    ledger.archive.tidy()
    monkeypatch.undo()

    assert redis.exists(f"bh:archive:{event_id}") == 0
    assert ledger.events.timeline(event_id)[-1].step == "invoice_deleted"


def test_a_repeat_of_an_archived_event_is_recognised(ledger, archived):
    assert ledger.events.record(ARRIVAL).event_id == archived


def test_a_worker_that_is_late_does_not_begin_it_again(ledger, archived):
    assert ledger.events.begin(archived, process="p") is None


def test_what_is_noted_later_is_kept(ledger, archived):
    ledger.events.note(archived, "invoice_deleted", "INV-1")

    assert ledger.events.timeline(archived)[-1].step == "invoice_deleted"
    ledger.archive.tidy()
    assert ledger.events.timeline(archived)[-1].step == "invoice_deleted"


def test_it_is_parked_when_its_documents_are_taken_back_and_then_kept(ledger, redis, archived):
    before = ledger.events.get(archived)

    assert ledger.undoing.park(archived, TROUBLE) is None

    event = ledger.events.get(archived)
    assert (event.state, event.error.code, event.body) == ("parked", "undone", before.body)
    assert redis.ttl(f"bh:event:{archived}") == -1
    ledger.archive.tidy()
    assert redis.keys("bh:archive:*") == []


def test_a_retry_says_what_state_it_is_in(ledger, archived):
    assert ledger.events.requeue(archived) == "posted"


def test_a_decision_says_what_was_decided_before(ledger):
    event_id = ledger.events.record(ARRIVAL).event_id
    _, lease = ledger.events.begin(event_id, process="p")
    ledger.approvals.hold(event_id, lease, submitted_by=["ada"], summary="1 USD")
    ledger.approvals.decide(event_id, verdict="reject", by=["mara"])
    assert ledger.archive.tidy() == 1

    decided = ledger.approvals.decide(event_id, verdict="approve", by=["mara"], connection="shopify")

    assert decided.obstacle.startswith("It was already rejected by mara")


def test_a_crash_between_taking_up_and_putting_away_loses_nothing(ledger, redis, monkeypatch):
    event_id = end(ledger)
    monkeypatch.setattr(Archive, "stored", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ledger.archive.tidy()
    monkeypatch.undo()

    assert ledger.events.get(event_id).state == "posted"
    assert 0 < redis.ttl(f"bh:event:{event_id}") <= RETENTION


def test_the_words_that_packed_events_share_never_change():
    """Events that were packed with other words could not be read any more: make another version instead."""
    assert {version: hashlib.sha256(words).hexdigest() for version, words in WORDS.items()} == {
        b"\x01": "92d7f7b632b9e65083510fde82661c4ea74d3293224457a938c50b341230dac4",
        b"\x02": "4acd00b22c82288753503d24ea9dc56afdf51d5377bbbb6981e42f9b6c876264",
    }


def test_what_was_packed_before_calls_were_kept_is_read(ledger, archived, redis):
    before = told(ledger, archived)
    [stored] = ledger.archive.stored([archived])
    line = json.dumps([stored.fields, stored.headers, stored.steps]).encode()
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS, zdict=WORDS[b"\x01"])
    packed = b"\x01" + compressor.compress(line + b"\n" + stored.body) + compressor.flush()
    redis.set(f"bh:archive:{archived}", packed, keepttl=True)

    assert told(ledger, archived) == before
    assert ledger.calls.of(archived) == []

"""Documents are written only under their lease."""

import re

import pytest
from redis import Redis

from errors import Busy
from ledger.documents import LeaseLost
from ledger.ledger import Ledger
from ledger.marks import marker
from ledger.records import DocumentRecord

KEY = "shopify/invoice/order:1"


@pytest.fixture
def documents(redis: Redis, clock):
    return Ledger(redis, clock=clock).documents


def test_a_marker_is_short_stable_and_different_for_each_generation():
    assert re.fullmatch(r"bh-[a-z2-7]{12}", marker(KEY, 1))
    assert marker(KEY, 1) == marker(KEY, 1)
    assert len({marker(KEY, 1), marker(KEY, 2), marker(KEY + "0", 1)}) == 3


def test_only_one_event_at_a_time_holds_a_key(documents):
    documents.claim(KEY, event_id="ev_1", lease="a")

    with pytest.raises(Busy):
        documents.claim(KEY, event_id="ev_2", lease="b")

    documents.release(KEY, "a")
    assert documents.claim(KEY, event_id="ev_2", lease="b").event_id == "ev_1"


def test_nobody_writes_or_releases_without_the_lease(documents, redis):
    documents.claim(KEY, event_id="ev_1", lease="a")
    redis.delete(f"bh:lease:{KEY}")
    documents.claim(KEY, event_id="ev_2", lease="b")

    with pytest.raises(LeaseLost):
        documents.write(KEY, "a", {"state": "posting"})
    documents.release(KEY, "a")

    documents.write(KEY, "b", {"state": "posted"})
    assert documents.get(KEY).state == "posted"


def test_the_next_generation_knows_nothing_of_the_last_but_its_key(documents):
    documents.claim(KEY, event_id="ev_1", lease="a")
    documents.write(KEY, "a", {"state": "posted", "zoho_id": "7", "taken_names": '["Jane"]', "taken_at": 5.0})
    first = documents.get(KEY)
    assert (first.taken_names, first.taken_at) == (("Jane",), 5.0)

    documents.begin_anew(KEY, "a")

    assert documents.get(KEY) == DocumentRecord(
        business_key=KEY, kind="invoice", state="new", generation=2, event_id="ev_1"
    )


def test_only_the_holder_of_the_lease_begins_the_next_generation(documents):
    documents.claim(KEY, event_id="ev_1", lease="a")

    with pytest.raises(LeaseLost):
        documents.begin_anew(KEY, "b")

    assert documents.get(KEY).generation == 1


def test_a_lease_ends_by_itself_unless_it_is_renewed(redis, clock):
    ledger = Ledger(redis, clock=clock)
    ledger.documents.claim(KEY, event_id="ev_1", lease="a")
    redis.pexpire(f"bh:lease:{KEY}", 1000)

    with ledger.leases.document(KEY, "a"):
        ledger.leases.renew()

    assert 14_000 < redis.pttl(f"bh:lease:{KEY}") <= 15_000


def test_a_lost_lease_is_not_won_back_by_renewing(redis, clock):
    ledger = Ledger(redis, clock=clock)
    ledger.documents.claim(KEY, event_id="ev_1", lease="a")
    redis.set(f"bh:lease:{KEY}", "b", px=1000)

    with ledger.leases.document(KEY, "a"):
        ledger.leases.renew()

    assert redis.pttl(f"bh:lease:{KEY}") <= 1000


def test_the_documents_of_an_event_are_listed_once_in_their_order(documents):
    for key in ("org/contact/x", KEY, KEY):
        documents.claim(key, event_id="ev_1", lease="a")

    assert [record.kind for record in documents.of("ev_1")] == ["contact", "invoice"]

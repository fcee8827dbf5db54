"""What stands, and what is in doubt, is listed by organization; what was undone may begin anew."""

import json

import pytest

from ledger.arrivals import Arrival
from ledger.ledger import Ledger
from ledger.marks import marker
from ledger.records import Trouble

KEY = "shopify/invoice/order:1"
POSTED = {"state": "posted", "organization": "1", "zoho_id": "70", "posted_at": 100.0}


@pytest.fixture
def ledger(redis, clock):
    return Ledger(redis, clock=clock)


def write(ledger, key=KEY, kind="invoice", **fields):
    ledger.documents.claim(key, event_id="ev_1", lease="a")
    ledger.documents.write(key, "a", fields)
    ledger.documents.release(key, "a")


def keys(records):
    return [record.business_key for record in records]


def test_what_is_posted_is_listed_by_organization_and_time(ledger):
    write(ledger, "shop/invoice/order:2", **{**POSTED, "posted_at": 200.0})
    write(ledger, **POSTED)
    write(ledger, "shop/invoice/order:3", **{**POSTED, "organization": "2"})

    assert keys(ledger.documents.posted("1", since=0)) == [KEY, "shop/invoice/order:2"]
    assert keys(ledger.documents.posted("1", since=101)) == ["shop/invoice/order:2"]
    assert keys(ledger.documents.posted("3", since=0)) == []


def test_every_page_of_what_is_posted_is_given(ledger):
    for number in range(7):
        write(ledger, f"shop/invoice/order:{number}", **POSTED)

    assert len(list(ledger.documents.posted("1", since=0, page=3))) == 7


@pytest.mark.parametrize("state", ["posting", "unknown", "undoing"])
def test_what_is_in_doubt_is_listed_until_it_is_known(ledger, state):
    write(ledger, **{**POSTED, "state": state, "send_deadline": 5.0})

    assert keys(ledger.documents.doubtful("1")) == [KEY]
    assert keys(ledger.documents.posted("1", since=0)) == []

    write(ledger, **POSTED)
    assert ledger.documents.doubtful("1") == []
    assert keys(ledger.documents.posted("1", since=0)) == [KEY]


def test_a_document_is_found_by_its_id_in_zoho_though_it_was_undone(ledger):
    write(ledger, **POSTED)
    write(ledger, "shop/sent/order:1", "sent", **POSTED)

    write(ledger, state="undone")

    assert keys(ledger.documents.posted("1", since=0)) == []  # that something was sent is no document in the books
    assert ledger.documents.with_zoho_id("1", "70").business_key == KEY
    assert ledger.documents.with_zoho_id("2", "70") is None


def test_what_begins_anew_is_not_listed_any_more(ledger):
    write(ledger, **POSTED)
    ledger.documents.claim(KEY, event_id="ev_1", lease="a")

    ledger.documents.begin_anew(KEY, "a")

    assert keys(ledger.documents.posted("1", since=0)) == []
    assert ledger.documents.get(KEY).organization is None


def test_an_accepted_total_agrees_as_long_as_it_stays(ledger):
    write(ledger, **POSTED, total="9.00", control_total="10.00")
    assert not ledger.documents.get(KEY).totals_agree

    write(ledger, accepted_total="9.00", accepted_by="Ann")
    assert ledger.documents.get(KEY).totals_agree

    write(ledger, total="9.01")
    assert not ledger.documents.get(KEY).totals_agree


def test_only_what_was_undone_begins_its_next_generation_with_what_was_done_to_it(ledger):
    write(ledger, **{**POSTED, "state": "undone"})
    write(ledger, "shopify/sent/order:1", "sent", **{**POSTED, "state": "undone"})
    write(ledger, "shopify/payment/payment:1", "payment", **POSTED)

    ledger.undoing.permit_anew("ev_1")

    states = {record.kind: (record.state, record.generation) for record in ledger.documents.of("ev_1")}
    assert states == {"invoice": ("new", 2), "sent": ("new", 2), "payment": ("posted", 1)}
    assert marker(KEY, 2) != marker(KEY, 1)


def test_an_answer_is_forgotten_with_its_event_and_nothing_else_is(ledger, redis):
    answers = {event_id: f"slack/answer/{event_id}:posted" for event_id in ("ev_0", "ev_1")}
    for event_id, key in answers.items():
        ledger.documents.claim_answer(key, event_id=event_id, lease="a")
        ledger.documents.write(key, "a", {"state": "posting"})
    write(ledger, **POSTED)
    ledger.documents.claim_answer("slack/answer/ev_1:parked", event_id="ev_1", lease="a")

    assert [redis.ttl(f"bh:document:{key}") for key in answers.values()] == [90 * 86400] * 2
    assert [redis.ttl(f"bh:documents:{event_id}") for event_id in answers] == [90 * 86400, -1]
    assert redis.ttl(f"bh:document:{KEY}") == -1


@pytest.fixture
def arrived(ledger):
    arrival = Arrival(
        connection="shop", source="shop", organization="1", topic="t", delivery=None, headers={}, body=b"{}"
    )
    return ledger.events.record(arrival).event_id


TROUBLE = Trouble(code="undone", message="It was undone.", remedy="Retry it.")


def test_an_event_that_is_over_is_parked_and_kept(ledger, redis, arrived):
    _, lease = ledger.events.begin(arrived, process="p")
    ledger.events.finish(arrived, lease, "posted")
    assert redis.ttl(f"bh:event:{arrived}") > 0

    assert ledger.undoing.park(arrived, TROUBLE) is None

    event = ledger.events.get(arrived)
    assert (event.state, event.error.code) == ("parked", "undone")
    assert redis.ttl(f"bh:event:{arrived}") == -1
    assert redis.ttl(f"bh:timeline:{arrived}") == -1
    assert [event.event_id for event in ledger.events.list(state="parked")] == [arrived]
    assert ledger.events.counts()["posted"] == 0


def test_an_event_whose_turn_has_not_come_is_parked_and_no_worker_takes_it(ledger, redis, arrived):
    assert ledger.undoing.park(arrived, TROUBLE) is None

    assert ledger.events.begin(arrived, process="p") is None
    assert ledger.events.backlog("1") == 0
    assert redis.zcard("bh:handed:1") == 0


def test_an_event_at_work_or_up_for_approval_is_left_alone(ledger, arrived):
    _, lease = ledger.events.begin(arrived, process="p")
    assert ledger.undoing.park(arrived, TROUBLE) == "working"

    ledger.approvals.hold(arrived, lease, submitted_by=["u"], summary="1 EUR")
    assert ledger.undoing.park(arrived, TROUBLE) == "awaiting_approval"
    assert ledger.undoing.park("ev_nothing00", TROUBLE) == ""


def test_a_parked_event_tells_why(ledger, redis, arrived):
    _, lease = ledger.events.begin(arrived, process="p")
    ledger.events.finish(arrived, lease, "posted")

    ledger.undoing.park(arrived, TROUBLE)

    last = json.loads(redis.lrange(f"bh:timeline:{arrived}", -1, -1)[0])
    assert (last["step"], last["detail"]) == ("parked", "undone: It was undone.")

"""A thin event, from its webhook to its invoice: what it lacks is asked of its sender's API, once."""

import json
from dataclasses import replace

import pytest

from outbound import Apis, Pace
from tests.outbound.api_server import Reply
from tests.thin_shop import (
    ADDRESSES,
    ALL,
    CUSTOMER,
    FIRST,
    LAST,
    ORDER,
    answer_with,
    api,
    asked,
    deliver,
    environ,
)

__all__ = ["api", "deliver", "environ"]
MINUTE = "bh:quota:10000001:minute"


@pytest.fixture
def worker(worker, redis, clock):
    """One that asks no API more often than may be."""
    worker.desk = replace(worker.desk, apis=Apis(Pace(redis, clock=clock)))
    return worker


def notes(worker, event_id, step="fetched"):
    return [each.detail for each in worker.desk.ledger.events.timeline(event_id) if each.step == step]


def test_what_a_thin_event_lacks_is_fetched_and_becomes_an_invoice(deliver, worker, sandbox, api):
    event_id = deliver()
    worker.drain()

    event = worker.event(event_id)
    assert (event.state, event.error) == ("posted", None)
    [invoice] = sandbox.invoices
    assert [line["name"] for line in invoice["line_items"]] == ["Cap", "Mug"]
    assert (str(invoice["total"]), invoice["customer_name"]) == ("3.5", "Ada (corner 9, USD)")
    assert asked(api) == ADDRESSES
    assert api.asked[0][1]["authorization"] == "Bearer key-1"
    assert notes(worker, event_id) == [
        "order from api.corner.example",
        "lines from api.corner.example, 2 calls",
        "customer from api.corner.example",
    ]


def test_the_same_body_again_may_be_news(deliver, worker, sandbox, api):
    answer_with(api, replace(ORDER, body=ORDER.body.replace(b"{", b'{"test": true, ', 1)), *ALL[1:], *ALL, *ALL)
    first = deliver()
    worker.drain()
    assert worker.event(first).state == "ignored"

    news, repeated = deliver(), deliver()
    worker.drain()

    assert len({first, news, repeated}) == 3
    assert [worker.event(each).state for each in (news, repeated)] == ["posted", "posted"]
    assert len(sandbox.invoices) == 1


def test_what_was_answered_is_not_asked_again_after_a_failure(deliver, worker, sandbox, api, clock):
    answer_with(api, ORDER, FIRST, Reply(status=503), LAST, CUSTOMER)
    event_id = deliver()
    worker.drain()
    event = worker.event(event_id)
    assert (event.state, event.reason, event.failures) == ("waiting", "api_unavailable", 1)

    clock.advance(60)
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert asked(api) == [*ADDRESSES[:3], *ADDRESSES[2:]]
    assert len(sandbox.invoices) == 1


def test_an_answer_is_kept_when_the_posting_fails_and_used_again(deliver, worker, sandbox, api, clock):
    sandbox.fault(on="POST /invoices", times=1, do="answer_429_44")
    event_id = deliver()
    worker.drain()
    assert worker.event(event_id).state == "waiting"

    clock.advance(120)
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert asked(api) == ADDRESSES


def test_a_person_may_have_everything_fetched_anew(deliver, worker, api, ledger):
    answer_with(api, replace(ORDER, body=ORDER.body.replace(b"3.50", b"9.99")), *ALL[1:], *ALL)
    event_id = deliver()
    worker.drain()
    assert worker.event(event_id).error.code == "total_differs"
    api.asked.clear()

    ledger.events.requeue(event_id)
    worker.drain()
    assert (worker.event(event_id).state, asked(api)) == ("parked", [])

    ledger.events.requeue(event_id, refetch=True)
    worker.drain()
    assert (worker.event(event_id).state, asked(api)) == ("posted", ADDRESSES)


def test_what_was_fetched_shows_that_an_event_is_not_for_us(deliver, worker, sandbox, api):
    answer_with(api, replace(ORDER, body=ORDER.body[:-1] + b', "test": true}'), *ALL[1:])
    event_id = deliver()
    worker.drain()

    assert worker.event(event_id).state == "ignored"
    assert notes(worker, event_id, "ignored") == ["it is a test order"]
    assert sandbox.invoices == []


def test_an_optional_step_that_finds_nothing_is_no_trouble(deliver, worker, sandbox, api):
    answer_with(api, ORDER, FIRST, LAST, Reply(status=404))
    deliver()
    worker.drain()

    assert sandbox.invoices[0]["customer_name"] == "Somebody (corner 9, USD)"


@pytest.mark.parametrize(
    ("reply", "code", "said"),
    [
        (Reply(status=401), "api_unauthorized", "the setting CORNER_API_KEY holds a key that is not valid"),
        (Reply(status=403), "api_forbidden", "may not read order"),
        (Reply(status=404), "api_missing", "what order asks for is not there"),
        (Reply(status=410), "api_missing", "what order asks for is not there"),
        (Reply(status=301, headers={"Location": "http://169.254.169.254/"}), "api_refused", "a redirect"),
        (Reply(b"<html>", headers={"Content-Type": "text/html"}), "api_refused", "not as JSON"),
        (Reply(b'{"a": 1, "a": 2}'), "api_refused", "names one of its keys twice"),
        (Reply(b'{"a": NaN}'), "api_refused", "NaN is not a number"),
        (Reply(b"[" * 100000), "api_refused", "nested too deeply"),
        (Reply(b'{"a": "\\ud800"}'), "api_refused", "half of a character"),
        (Reply(b"\xff"), "api_refused", "not UTF-8"),
        (Reply(b"5"), "mapping_failed", "nothing there"),
    ],
)
def test_what_a_person_must_see_to_parks_the_event(deliver, worker, sandbox, api, reply, code, said):
    answer_with(api, reply, FIRST, LAST, CUSTOMER)
    event_id = deliver()
    worker.drain()

    event = worker.event(event_id)
    assert (event.state, event.error.code) == ("parked", code)
    assert said in event.error.message
    assert event.error.remedy
    assert "key-1" not in json.dumps([event.error.as_json(), notes(worker, event_id, "parked")])
    assert (sandbox.invoices, worker.reported) == ([], [])


def test_a_credential_that_is_not_valid_is_asked_with_once_for_many_events(deliver, worker, api):
    answer_with(api, Reply(status=401))
    ids = [deliver(number) for number in range(5)]
    worker.drain()

    assert {worker.event(event_id).error.code for event_id in ids} == {"api_unauthorized"}
    assert len(api.asked) == 1


def test_a_pause_that_the_api_asks_for_holds_all_its_events_and_loses_none(deliver, worker, sandbox, api, clock):
    answer_with(api, Reply(status=429, headers={"Retry-After": "30"}))
    ids = [deliver(number) for number in (1, 2, 3)]
    worker.drain()
    assert {worker.event(event_id).reason for event_id in ids} == {"api_limited"}
    assert len(api.asked) == 1

    answer_with(api, *ALL * 3)
    clock.advance(40)
    worker.drain()

    assert [worker.event(event_id).state for event_id in ids] == ["posted"] * 3


def test_an_api_that_hangs_is_given_up_on_and_tried_again_later(deliver, worker, api):
    api.replies = [replace(ORDER, pace="drip")]
    worker.desk = replace(worker.desk, apis=Apis(None, seconds=0.2))
    event_id = deliver()
    worker.drain()

    assert (worker.event(event_id).state, worker.event(event_id).reason) == ("waiting", "api_unavailable")


def test_answers_that_are_too_large_together_park_the_event(deliver, worker, api):
    pages = [b'{"data": ["' + b"x" * 4_000_000 + b'"], "next": "c%d"}' % number for number in range(9)]
    answer_with(api, ORDER, *map(Reply, pages))
    event_id = deliver()
    worker.drain()

    assert worker.event(event_id).error.code == "too_much_to_fetch"
    assert "larger than 10 MB" in worker.event(event_id).error.message
    assert len(api.asked) == 4


def test_an_api_that_repeats_a_page_is_not_asked_for_it_again_and_again(deliver, worker, api):
    answer_with(api, ORDER, FIRST)
    event_id = deliver()
    worker.drain()

    assert "more than 20 pages" in worker.event(event_id).error.message
    assert asked(api) == ADDRESSES[:3]


def test_no_call_to_zoho_is_reserved_while_the_api_is_asked(deliver, worker, redis, api, ledger):
    answer_with(api, Reply(status=404), *ALL)
    event_id = deliver()
    worker.drain()
    before = redis.zcard(MINUTE)
    ledger.events.requeue(event_id)
    worker.desk = replace(worker.desk, apis=Watching(redis))

    worker.drain()  # the dispatcher hands it on with a ticket

    assert worker.event(event_id).state == "posted"
    assert worker.desk.apis.reserved == [before] * len(ADDRESSES)


class Watching(Apis):
    """Notes how many calls to Zoho are reserved as each question is asked."""

    def __init__(self, redis) -> None:
        super().__init__(None)
        self.redis = redis
        self.reserved: list[int] = []

    def ask(self, call):
        self.reserved.append(self.redis.zcard(MINUTE))
        return super().ask(call)


def test_what_was_fetched_goes_with_the_event_into_the_archive_and_out(deliver, worker, ledger):
    event_id = deliver()
    worker.drain()
    before = worker.event(event_id)
    assert json.loads(before.fetched)["fetched"]["order"]["number"] == "7"

    ledger.archive.tidy()
    assert worker.event(event_id) == before
    ledger.archive.restore(event_id)
    assert worker.event(event_id) == before


def test_a_worker_that_lost_the_event_keeps_nothing(deliver, worker, ledger, redis):
    event_id = deliver()
    worker.drain()

    assert not ledger.fetched.keep(event_id, "another's lease", "{}")
    assert json.loads(worker.event(event_id).fetched)["fetched"]["order"]

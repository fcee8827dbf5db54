"""Every call that is made to Zoho for an event is on its record, as it was."""

import json
from dataclasses import replace

import pytest
from redis.exceptions import ConnectionError as RedisAway

from ledger.calls import MOST_CHARACTERS, MOST_KEPT, CallMade
from ledger.events import Events
from mappings import Example
from tests.scene import example
from worker.undo import carry_out, plan_undo

ORDER = example("shopify/paid_order")
OF_NAMES = ("/oauth", "/organizations", "/settings", "/items")


@pytest.fixture
def environ(environ):
    return {**environ, "ZOHO_TIMEOUT_SECONDS": "1", "BOOKHOOK_PAYMENTS": "none"}


@pytest.fixture
def deliver(hooks, worker):
    """Delivers the order, has it worked on, and gives its id."""

    def deliver(order=ORDER) -> str:
        event_id = hooks.deliver(order).json["event_id"]
        worker.drain()
        return event_id

    return deliver


@pytest.fixture
def calls(ledger):
    """The calls of an event without those whose answers are kept for all events: the token and what has names."""

    def calls(event_id: str) -> list[CallMade]:
        return [each for each in ledger.calls.of(event_id) if not each.path.startswith(OF_NAMES)]

    return calls


def made(calls: list[CallMade]) -> list[str]:
    return [f"{each.method} {each.path} {each.status}" for each in calls]


def test_each_call_says_what_was_asked_and_answered(deliver, calls, sandbox, worker, clock):
    found = calls(deliver())
    [invoice] = sandbox.invoices

    assert made(found) == ["GET /contacts 200", "POST /contacts 201", "POST /invoices 201"]
    search, _, posted = found
    assert (search.params["email"], search.answer) == (json.loads(ORDER.body)["email"], {"contacts": 0})
    assert json.loads(posted.body)["customer_id"] == invoice["customer_id"]
    assert posted.length == len(posted.body)
    assert posted.answer["invoice"]["invoice_id"] == invoice["invoice_id"]
    assert posted.answer["invoice"]["invoice_number"] == invoice["invoice_number"]
    assert (posted.code, posted.message) == ("0", "The invoice has been created.")
    assert (posted.worker, posted.counted) == (worker.desk.process, True)
    assert posted.at.startswith("2026-05-28T")
    assert 0 < posted.seconds < 1


def test_a_new_token_is_among_them_and_is_not_counted_and_no_secret_is_kept(deliver, ledger):
    found = ledger.calls.of(deliver())

    [renewed] = [each for each in found if each.path == "/oauth/v2/token"]
    assert (renewed.status, renewed.counted, renewed.body, renewed.answer) == (200, False, None, {})
    told = json.dumps([each.kept for each in found])
    assert "sandbox-secret" not in told
    assert "sandbox-refresh" not in told
    assert "oauthtoken" not in told


@pytest.mark.parametrize(
    ("fault", "status", "code", "words"),
    [("answer_429_44", 429, "44", "requests"), ("answer_html_502", 502, "", "The answer cannot be read.")],
)
def test_a_failure_is_kept_with_its_code_and_words(deliver, calls, sandbox, fault, status, code, words):
    sandbox.fault(on="POST /invoices", times=1, do=fault)

    failed = calls(deliver())[-1]

    assert (failed.status, failed.code) == (status, code)
    assert words in failed.message


@pytest.mark.parametrize(("fault", "status"), [("reset_after_saving", None), ("timeout_after_saving", None)])
def test_a_call_without_a_readable_answer_says_so_and_the_looks_after_it_follow(
    deliver, calls, worker, sandbox, clock, fault, status
):
    sandbox.fault(on="POST /invoices", times=1, do=fault, seconds=1.5)
    event_id = deliver()
    doubtful = calls(event_id)[-1]
    clock.advance(5)
    worker.drain()

    assert (doubtful.status, doubtful.counted) == (status, True)
    assert doubtful.message.startswith("No answer (")
    searched, read = calls(event_id)[-2:]
    assert made([searched]) == ["GET /invoices 200"]
    assert searched.params["reference_number"].startswith("#1001 bh-")
    assert made([read]) == [f"GET /invoices/{sandbox.invoices[-1]['invoice_id']} 200"]


def test_a_call_that_never_left_is_not_counted(worker, hooks, sandbox, calls, monkeypatch):
    event_id = hooks.deliver(ORDER).json["event_id"]
    worker.drain()
    client = worker.desk.books["10000001"]._client
    monkeypatch.setattr(client, "_api_url", "http://127.0.0.1:9/books/v3")
    second = hooks.deliver(another(2)).json["event_id"]
    worker.drain()

    assert all(each.counted for each in calls(event_id))
    [unsent] = calls(second)
    assert (unsent.status, unsent.counted) == (None, False)
    assert unsent.message.startswith("Not sent")


def test_calls_go_into_the_archive_and_out_of_it_with_their_event(deliver, ledger, redis, calls):
    event_id = deliver()
    before = ledger.calls.of(event_id)
    ledger.archive.tidy()

    assert redis.exists(f"bh:calls:{event_id}") == 0
    assert ledger.calls.of(event_id) == before
    ledger.archive.restore(event_id)
    assert ledger.calls.of(event_id) == before
    assert 0 < redis.ttl(f"bh:calls:{event_id}") <= redis.ttl(f"bh:event:{event_id}")


def test_what_a_worker_did_before_it_died_is_kept_up_to_the_last_document(hooks, worker, calls, monkeypatch):
    event_id = hooks.deliver(ORDER).json["event_id"]

    def die(*_: object, **__: object) -> None:
        raise RedisAway

    with monkeypatch.context() as dying:
        dying.setattr(Events, "finish", die)
        with pytest.raises(RedisAway):
            worker.work_here(event_id)

    assert made(calls(event_id)) == ["GET /contacts 200", "POST /contacts 201", "POST /invoices 201"]


def test_the_calls_of_an_attempt_that_lost_its_lease_are_kept(hooks, worker, calls, ledger, monkeypatch, redis):
    event_id = hooks.deliver(ORDER).json["event_id"]
    finish = Events.finish

    def lose_first(events: Events, event_id: str, *args: object, **named: object) -> object:
        redis.hset(f"bh:event:{event_id}", "lease", "another")
        return finish(events, event_id, *args, **named)

    monkeypatch.setattr(Events, "finish", lose_first)
    worker.work_here(event_id)

    assert made(calls(event_id))[-1] == "POST /invoices 201"
    assert worker.event(event_id).state == "working"


def test_the_newest_calls_are_kept_and_of_a_long_body_the_beginning(deliver, ledger, calls):
    event_id = deliver()
    [*_, posted] = calls(event_id)
    for number in range(MOST_KEPT + 5):
        ledger.calls.gather(event_id, renamed(posted, number))
        ledger.calls.keep(event_id)

    kept = ledger.calls.of(event_id)
    assert [each.path for each in kept] == [f"/{number}" for number in range(5, MOST_KEPT + 5)]
    long = ledger.calls.of(event_id)[0]
    assert (len(long.body), long.length, long.as_json()["is_cut"]) == (MOST_CHARACTERS, MOST_CHARACTERS + 9, True)


def test_what_is_undone_adds_its_calls_to_those_of_its_event(deliver, ledger, worker, calls):
    event_id = deliver()
    ledger.archive.tidy()
    [step] = plan_undo(worker.desk, [event_id])
    carry_out(worker.desk, step)

    assert [each.method for each in calls(event_id)[-2:]] == ["GET", "DELETE"]


def another(number: int) -> Example:
    body = json.dumps({**json.loads(ORDER.body), "id": number, "name": f"#{number}"}).encode()
    return replace(ORDER, body=body, headers={name: value for name, value in ORDER.headers.items() if "Id" not in name})


def renamed(call: CallMade, number: int) -> CallMade:
    body = "x" * (MOST_CHARACTERS + 9)
    return replace(call, path=f"/{number}", body=body, length=len(body))

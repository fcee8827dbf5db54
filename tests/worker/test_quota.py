"""With a backlog the whole quota is used, nothing is refused, and nobody asks in vain."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from cli.deployment import read_deployment
from cli.desk import open_desk
from tests.scene import Worker, example

ORDER = example("shopify/paid_order")
PER_MINUTE = 30


@pytest.fixture
def payments() -> str:
    return "none"


@pytest.fixture
def environ(environ, payments):
    return {
        **environ,
        "ZOHO_CALLS_PER_MINUTE": str(PER_MINUTE),
        "ZOHO_QUOTA_HEADROOM": "0",
        "BOOKHOOK_PAYMENTS": payments,
        "ZOHO_CONCURRENT_CALLS": "5",
    }


@pytest.fixture
def broken_worker(environ, ledger, worker) -> Worker:
    """A worker whose grant Zoho no longer accepts."""
    revoked = read_deployment({**environ, "ZOHO_REFRESH_TOKEN": "revoked"})
    return Worker(open_desk(revoked, ledger, report=worker.reported.append), worker.redis, worker.reported)


def deliver(hooks, number: int, **changes) -> str:
    body = {**json.loads(ORDER.body), "id": number, "name": f"#{number}", **changes}
    headers = {name: value for name, value in ORDER.headers.items() if "Id" not in name}
    return hooks.deliver(replace(ORDER, body=json.dumps(body).encode(), headers=headers)).json["event_id"]


def deliver_for(hooks, number: int) -> str:
    """The id of the event of the only order of a customer."""
    customer = {"id": number, "email": f"c{number}@example.com", "first_name": "C", "last_name": str(number)}
    return deliver(hooks, number, email=customer["email"], customer=customer)


def calls_since(sandbox, before) -> dict[str, int]:
    return {call: more for call, count in sandbox.calls.items() if (more := count - before.get(call, 0))}


def posted_at(worker, event_id: str) -> float:
    [step] = [step for step in worker.desk.ledger.events.timeline(event_id) if step.step == "invoice_created"]
    hours, minutes, seconds = step.at.split("T")[1].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def work_for(worker, clock, seconds: int) -> None:
    for _ in range(seconds):
        worker.drain()
        clock.advance(1)


def test_a_backlog_uses_the_whole_quota_and_every_event_is_taken_up_at_most_twice(hooks, worker, sandbox, clock):
    deliver(hooks, 1)
    worker.drain()
    clock.advance(120)
    before = sandbox.calls
    ids = [deliver(hooks, number) for number in range(2, 202)]

    work_for(worker, clock, 300)

    events = [worker.event(event_id) for event_id in ids]
    posted = [event.event_id for event in events if event.state == "posted"]
    assert len(posted) >= 0.97 * 5 * PER_MINUTE
    times = sorted(posted_at(worker, event_id) for event_id in posted)
    assert all(later - earlier > 60 for earlier, later in zip(times, times[PER_MINUTE:], strict=False))
    assert max(event.attempts for event in events) <= 2
    assert calls_since(sandbox, before) == {"POST /invoices": len(posted)}
    assert sandbox.refused == {}


def test_new_customers_in_a_backlog_cost_three_calls_each_and_are_taken_up_at_most_twice(hooks, worker, sandbox, clock):
    deliver(hooks, 1)
    worker.drain()
    before = sandbox.calls
    ids = [deliver_for(hooks, number) for number in range(2, 42)]

    work_for(worker, clock, 400)

    events = [worker.event(event_id) for event_id in ids]
    assert Counter(event.state for event in events) == {"posted": 40}
    assert max(event.attempts for event in events) <= 2
    assert calls_since(sandbox, before) == {"GET /contacts": 40, "POST /contacts": 40, "POST /invoices": 40}
    assert sandbox.refused == {}


@pytest.mark.parametrize("payments", ["record"])
def test_paid_orders_in_a_backlog_cost_one_call_for_each_step(hooks, worker, sandbox, clock):
    deliver(hooks, 1)
    worker.drain()
    before = sandbox.calls
    ids = [deliver(hooks, number) for number in range(2, 42)]

    work_for(worker, clock, 400)

    events = [worker.event(event_id) for event_id in ids]
    assert Counter(event.state for event in events) == {"posted": 40}
    assert max(event.attempts for event in events) <= 2
    steps = ("POST /invoices", "POST /invoices/:id/status/sent", "POST /customerpayments")
    assert calls_since(sandbox, before) == dict.fromkeys(steps, 40)
    assert sandbox.refused == {}


def test_an_event_that_may_not_go_yet_waits_with_its_reason_and_time(hooks, worker, clock):
    deliver(hooks, 1)
    worker.drain()
    ids = [deliver(hooks, number) for number in range(2, 2 + PER_MINUTE + 5)]
    worker.drain()
    worker.drain()

    waiting = [worker.event(event_id) for event_id in ids if worker.event(event_id).state != "posted"]
    assert {event.state for event in waiting} <= {"waiting", "queued"}
    assert all(event.attempts <= 1 for event in waiting)


def test_a_broken_grant_costs_one_event_at_a_time_and_tells_people_once(hooks, worker, clock, sandbox, broken_worker):
    ids = [deliver(hooks, number) for number in range(1, 21)]
    for _ in range(10):
        broken_worker.drain()
        clock.advance(30)

    attempts = [worker.event(event_id).attempts for event_id in ids]
    assert sum(attempts) <= 4 + 10
    assert worker.desk.ledger.dispatch.paused("10000001") is not None
    assert [message["body"]["text"].split(":")[0] for message in sandbox.slack] == [
        "Bookhook paused organization 10000001"
    ]

    clock.advance(600)
    for _ in range(5):
        worker.drain()
        clock.advance(61)

    assert {worker.event(event_id).state for event_id in ids} == {"posted"}
    assert [message["body"]["text"] for message in sandbox.slack][1:] == [
        "Bookhook works for organization 10000001 again."
    ]


def test_a_throttled_token_service_pauses_the_organization_and_all_goes_on_by_itself(hooks, worker, clock, sandbox):
    sandbox.limit(token_requests=1)
    grant = {"client_id": "other", "client_secret": "sandbox-secret", "refresh_token": "sandbox-refresh"}
    taken = sandbox.session.post(
        f"{sandbox.url}/oauth/v2/token", data={"grant_type": "refresh_token", **grant}, timeout=5
    )
    event_id = deliver(hooks, 1)
    worker.drain()
    assert "access_token" in taken.json()
    assert (worker.event(event_id).state, worker.event(event_id).reason) == ("waiting", "organization_paused")
    assert len(sandbox.slack) == 1

    sandbox.limit(token_requests=10)
    clock.advance(700)
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert len(sandbox.slack) == 2

"""A ledger that forgot what it had acknowledged: nothing is posted twice, and care ends after an hour."""

import json
import signal
from contextlib import ExitStack
from dataclasses import replace
from random import Random

import pytest

from cli.deployment import read_deployment
from cli.desk import open_desk
from cli.ledgers import ledger_of
from config.redis_client import connect_redis
from ledger.incarnation import CAREFUL_SECONDS
from tests.scene import Worker, example, settings_for

ORDER = example("shopify/paid_order")
SEND_SECONDS, SETTLE_SECONDS = 30, 120


def order(**changes):
    """The order with changes, in a delivery of its own."""
    headers = {name: value for name, value in ORDER.headers.items() if "Id" not in name}
    return replace(ORDER, body=json.dumps({**json.loads(ORDER.body), **changes}).encode(), headers=headers)


def back_up(redis):
    return {key: (redis.dump(key), max(redis.pttl(key), 0)) for key in redis.scan_iter()}


def restore(redis, backup):
    redis.flushall()
    for key, (value, milliseconds) in backup.items():
        redis.restore(key, milliseconds, value)


def steps(worker, event_id):
    return [step.step for step in worker.desk.ledger.events.timeline(event_id)]


@pytest.mark.parametrize("name", ["shopify/paid_order", "standard/expense"])
def test_what_was_posted_after_a_backup_is_found_once_the_backup_is_restored(hooks, worker, sandbox, redis, name):
    event_id = hooks.deliver(example(name)).json["event_id"]
    backup = back_up(redis)
    worker.drain()
    before = sandbox.records()

    restore(redis, backup)
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert "found_after_doubt" in steps(worker, event_id)
    after = sandbox.records()
    assert [after[kind] for kind in ("contacts", "invoices", "expenses")] == [
        before[kind] for kind in ("contacts", "invoices", "expenses")
    ]


def test_an_order_that_is_delivered_again_after_all_was_lost_stays_one_invoice(hooks, worker, sandbox, redis):
    hooks.deliver(ORDER)
    worker.drain()

    redis.flushall()
    event_id = hooks.deliver(ORDER).json["event_id"]
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert (len(sandbox.contacts), len(sandbox.invoices)) == (1, 1)


def test_a_new_order_is_posted_only_when_a_forgotten_try_would_have_settled(hooks, worker, sandbox, clock):
    worker.desk.ledger.incarnation.declare_gone_back()
    event_id = hooks.deliver(ORDER).json["event_id"]
    worker.drain()

    assert (worker.event(event_id).reason, sandbox.invoices) == ("outcome_unknown", [])

    clock.advance(SEND_SECONDS + SETTLE_SECONDS - 1)
    worker.drain()
    assert sandbox.contacts == []

    clock.advance(20)
    worker.drain()
    assert worker.event(event_id).state == "posted"
    assert (len(sandbox.contacts), len(sandbox.invoices)) == (1, 1)


def test_a_forgotten_try_that_arrives_late_is_taken(hooks, worker, sandbox, clock):
    hooks.deliver(order(id=1, name="#1"))
    worker.drain()
    worker.desk.ledger.incarnation.declare_gone_back()
    event_id = hooks.deliver(ORDER).json["event_id"]
    worker.drain()
    assert len(sandbox.invoices) == 1

    sandbox.keep_books("POST", "/invoices", json.loads(worker.documents(event_id)["invoice"].frozen_body))
    clock.advance(SEND_SECONDS + SETTLE_SECONDS + 20)
    worker.drain()

    assert "found_after_doubt" in steps(worker, event_id)
    assert len(sandbox.invoices) == 2


def test_a_doubt_from_before_waits_for_what_the_ledger_may_have_forgotten(hooks, worker, sandbox, clock, redis):
    sandbox.fault(on="POST /invoices", times=1, do="answer_500")
    event_id = hooks.deliver(ORDER).json["event_id"]
    worker.drain()
    clock.advance(SETTLE_SECONDS + 60)
    backup = back_up(redis)
    sandbox.fault(on="POST /invoices", times=1, do="answer_500")
    worker.drain()  # posts again, which the backup knows nothing of

    restore(redis, backup)
    worker.drain()
    assert worker.event(event_id).reason == "outcome_unknown"
    assert sandbox.calls["POST /invoices"] == 2

    clock.advance(SEND_SECONDS + SETTLE_SECONDS + 20)
    worker.drain()
    assert worker.event(event_id).state == "posted"
    assert len(sandbox.invoices) == 1


def test_within_the_hour_a_look_is_enough_and_after_it_none_is_made(hooks, worker, sandbox, clock):
    hooks.deliver(order(id=1, name="#1"))
    worker.drain()
    worker.desk.ledger.incarnation.declare_gone_back()
    clock.advance(CAREFUL_SECONDS - 1)

    within = hooks.deliver(order(id=2, name="#2")).json["event_id"]
    worker.drain()
    looks = sandbox.calls["GET /invoices"]
    clock.advance(1)
    after = hooks.deliver(order(id=3, name="#3")).json["event_id"]
    worker.drain()

    assert [worker.event(event_id).state for event_id in (within, after)] == ["posted", "posted"]
    assert looks > 0
    assert sandbox.calls["GET /invoices"] == looks
    assert ("looked_for_first" in steps(worker, within), "looked_for_first" in steps(worker, after)) == (True, False)


def test_a_document_that_was_looked_for_and_surely_not_sent_is_new(hooks, worker, sandbox, clock):
    worker.desk.ledger.incarnation.declare_gone_back()
    clock.advance(SEND_SECONDS + SETTLE_SECONDS)
    sandbox.fault(on="POST /invoices", times=1, do="answer_429_44")
    event_id = hooks.deliver(ORDER).json["event_id"]

    worker.drain()

    assert worker.documents(event_id)["invoice"].state == "new"


@pytest.fixture
def replicated(servers, sandbox, clock):
    """A worker, the door's ledger and the replica of a Redis that has one."""
    master, replica = (servers.redis(appendonly="yes", appendfsync="always") for _ in range(2))
    replica.replicate(master)
    deployment = read_deployment(settings_for(sandbox.url, master.url))
    with ExitStack() as closing:
        redis = closing.enter_context(connect_redis(master.url))
        ledger = ledger_of(deployment, redis, clock=clock)
        yield Worker(open_desk(deployment, ledger, report=lambda error: None, random=Random(1)), redis, []), replica


@pytest.fixture
def ledger(request, ledger):
    """The door records where the worker works."""
    if "replicated" in request.fixturenames:
        return request.getfixturevalue("replicated")[0].desk.ledger
    return ledger


def test_nothing_is_sent_that_a_replica_has_not_noted(replicated, hooks, sandbox, clock):
    worker, replica = replicated
    replica.process.send_signal(signal.SIGSTOP)
    event_id = hooks.deliver(ORDER).json["event_id"]
    worker.drain()

    assert worker.event(event_id).reason == "not_replicated"
    assert worker.documents(event_id)["contact"].state == "new"
    assert (sandbox.contacts, sandbox.invoices) == ([], [])

    replica.process.send_signal(signal.SIGCONT)
    clock.advance(5)
    worker.drain()
    assert worker.event(event_id).state == "posted"
    assert (len(sandbox.contacts), len(sandbox.invoices)) == (1, 1)


def test_after_a_restart_that_may_have_lost_something_one_look_is_enough(hooks, worker, sandbox, redis, clock):
    hooks.deliver(ORDER)
    worker.drain()
    redis.hset("bh:incarnation", mapping={"gone_back_at": clock(), "reason": "another"})

    event_id = hooks.deliver(order(id=2, name="#2")).json["event_id"]
    worker.drain()

    assert worker.event(event_id).state == "posted"
    assert "looked_for_first" in steps(worker, event_id)
    assert len(sandbox.invoices) == 2

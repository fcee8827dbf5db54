"""What an event costs, where the machine does not matter: commands to Redis, and what it takes up in the end."""

import json
import zlib
from dataclasses import replace

import pytest

from benchmarks.processes import counting
from tests.scene import example

ORDER = example("shopify/paid_order")
# Kept of an event and its invoice; what else there is grows with customers, names and calls, or is shared.
KEPT = ("bh:archive:*", "bh:documents:*", "bh:document:shopify/*", "bh:order:*", "bh:seen:*")


@pytest.fixture
def only_invoices(worker):
    """Orders are invoiced, and nothing follows."""
    connection = worker.desk.connections["shopify"]
    options = replace(connection.options, payments=replace(connection.options.payments, record=False))
    told = {**worker.desk.connections, "shopify": replace(connection, options=options)}
    worker.desk = replace(worker.desk, connections=told)


def deliver(hooks, number):
    body = {**json.loads(ORDER.body), "id": 5_000_000_000 + number, "name": f"#{number}"}
    headers = {name: value for name, value in ORDER.headers.items() if "Event-Id" not in name}
    request = replace(ORDER, body=json.dumps(body, separators=(",", ":")).encode(), headers=headers)
    return hooks.deliver(request).json["event_id"], request.body


def test_an_invoice_of_a_known_customer_costs_thirty_commands_at_most(hooks, worker, redis, only_invoices):
    deliver(hooks, 1)
    worker.drain()
    event_id, _ = deliver(hooks, 2)

    with counting(redis) as commands:
        worker.work_here(event_id)

    assert worker.event(event_id).state == "posted"
    assert 0 < commands.sent <= 30


def test_an_event_that_has_ended_takes_up_its_body_and_a_kilobyte_at_most(hooks, worker, redis, only_invoices):
    bodies = [deliver(hooks, number)[1] for number in range(10)]
    worker.drain()
    worker.desk.ledger.archive.tidy()
    assert worker.desk.ledger.events.counts()["posted"] == len(bodies)

    kept = sum(redis.memory_usage(key, samples=0) for pattern in KEPT for key in redis.scan_iter(pattern))

    assert redis.keys("bh:event:*") == []
    assert kept / len(bodies) < len(zlib.compress(bodies[0])) + 1024

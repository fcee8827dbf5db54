"""Redis crashes, and another takes its place, while signed webhooks come in and documents are posted."""

import json
import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import click
import pytest
import requests

from cli.send import deliver
from config.redis_client import connect_redis
from ledger.ledger import Ledger
from tests.e2e.conftest import until
from tests.scene import SOURCES, example, settings_for, two_secrets

ORDER = example("shopify/paid_order")
SHOPIFY = SOURCES["shopify"]
SECRET = two_secrets(SHOPIFY)[0]
ORDERS = 120
BUYERS = 10
SENDERS = 4
PACE_SECONDS = 0.1
PASSWORD = "swordfish"
BRISK = {"BOOKHOOK_SETTLE_SECONDS": "2", "ZOHO_TIMEOUT_SECONDS": "2"}
DURABLE = {"appendonly": "yes", "appendfsync": "always"}


def order(number):
    """An order in a delivery of its own, by one of several buyers."""
    headers = {name: value for name, value in ORDER.headers.items() if "Id" not in name}
    body = {**json.loads(ORDER.body), "id": number, "name": f"#{number}", "email": f"b{number % BUYERS}@example.com"}
    body["customer"] = {**body["customer"], "last_name": f"Buyer {number % BUYERS}"}
    return replace(ORDER, body=json.dumps(body).encode(), headers=headers)


@dataclass
class Senders:
    """Deliver every order until it is acknowledged, several at a time."""

    url: str
    acknowledged: set[int] = field(default_factory=set)
    given_up: threading.Event = field(default_factory=threading.Event)

    def send(self, numbers: range) -> None:
        with requests.Session() as session:
            for number in numbers:
                while not self.given_up.is_set() and not self._is_accepted(session, number):
                    self.given_up.wait(0.2)
                self.acknowledged.add(number)
                self.given_up.wait(PACE_SECONDS)

    def _is_accepted(self, session: requests.Session, number: int) -> bool:
        try:
            return deliver(session, self.url, SHOPIFY, order(number), secret=SECRET).ok
        except click.ClickException:
            return False


@contextmanager
def senders(url: str) -> Iterator[Senders]:
    """Senders at work, which have delivered everything at the end."""
    sending = Senders(url)
    shares = [range(first, ORDERS, SENDERS) for first in range(SENDERS)]
    threads = [threading.Thread(target=sending.send, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    try:
        yield sending
        for thread in threads:
            thread.join(30)
    finally:
        sending.given_up.set()
    assert len(sending.acknowledged) == ORDERS


def invoiced(sandbox) -> Counter[int]:
    return Counter(int(invoice["reference_number"].split()[0][1:]) for invoice in sandbox.invoices)


def acknowledged_and_replicated(sending: Senders, master) -> set[int]:
    """What was acknowledged before the replica had all that the master had."""
    acknowledged = set(sending.acknowledged)
    with connect_redis(master.url) as redis:
        redis.incr("mark")
        assert redis.wait(1, 4000) == 1
    return acknowledged


def await_end(server, numbers: Collection[int], sandbox) -> None:
    """Returns when each of the orders has an invoice and nothing is left to do."""
    with connect_redis(server.url) as redis:
        ledger = Ledger(redis)
        for share in (0.25, 0.5, 0.75, 1):
            until(lambda share=share: how_many(numbers, sandbox) >= share * len(numbers), f"{share:.0%} are posted")
        until(lambda: ledger.events.backlog("10000001") == 0, "every event has ended")
        assert ledger.events.counts()["parked"] == 0


def how_many(numbers: Collection[int], sandbox) -> int:
    return len(set(numbers) & invoiced(sandbox).keys())


@pytest.fixture
def lone(servers):
    return servers.redis(**DURABLE)


@pytest.fixture
def pair(servers):
    """A master and its replica, of which each keeps a log, behind a password."""
    master, replica = (
        servers.redis(appendonly="yes", appendfsync="everysec", requirepass=PASSWORD, masterauth=PASSWORD)
        for _ in range(2)
    )
    replica.replicate(master)
    return master, replica


@pytest.fixture
def environ(request, sandbox):
    if "pair" not in request.fixturenames:
        return settings_for(sandbox.url, request.getfixturevalue("lone").url) | BRISK
    sentinel = request.getfixturevalue("servers").sentinel(request.getfixturevalue("pair")[0])
    told = {"BOOKHOOK_REDIS_SENTINELS": f"127.0.0.1:1,127.0.0.1:{sentinel.port};master=books"}
    return settings_for(sandbox.url, f"redis://:{PASSWORD}@nowhere.invalid/0") | BRISK | told


def test_redis_killed_twice_under_load_loses_and_doubles_nothing(lone, processes, sandbox):
    url = processes.start_web()
    for _ in range(2):
        processes.start("worker", "--threads", "4")

    with senders(url) as sending:
        until(lambda: len(sending.acknowledged) >= ORDERS // 4, "some orders are acknowledged")
        lone.restart()
        until(lambda: len(sandbox.invoices) >= ORDERS // 4, "some orders are posted")
        lone.restart()
    await_end(lone, range(ORDERS), sandbox)

    assert invoiced(sandbox) == dict.fromkeys(range(ORDERS), 1)
    assert len(sandbox.contacts) == BUYERS
    with connect_redis(lone.url) as redis:
        assert Ledger(redis).incarnation.observe() is None


def test_a_failover_under_load_loses_nothing_that_was_replicated_and_doubles_nothing(pair, processes, sandbox):
    master, replica = pair
    url = processes.start_web()
    for _ in range(2):
        processes.start("worker", "--threads", "4")

    with senders(url) as sending:
        until(lambda: len(sandbox.invoices) >= ORDERS // 8, "some orders are posted")
        replicated = acknowledged_and_replicated(sending, master)
        master.kill()
    until(lambda: requests.get(f"{url}/readyz", timeout=5).json()["spooled"] == 0, "the spool is empty")
    await_end(replica, replicated, sandbox)
    assert max(invoiced(sandbox).values()) == 1

    with senders(url):  # as senders do that are not sure
        pass
    await_end(replica, range(ORDERS), sandbox)

    assert invoiced(sandbox) == dict.fromkeys(range(ORDERS), 1)
    assert len(sandbox.contacts) == BUYERS
    with connect_redis(replica.url) as redis:
        assert Ledger(redis).incarnation.observe() is not None

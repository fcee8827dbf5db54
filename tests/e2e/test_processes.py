"""Several web and worker processes over one Redis: nothing lost, nothing doubled."""

import json
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import requests

from cli.send import deliver
from ledger.bulks import Chosen
from ledger.ledger import Ledger
from tests.e2e.conftest import until
from tests.scene import SOURCES, example, two_secrets

ORDER = example("shopify/paid_order")
SHOPIFY = SOURCES["shopify"]
SECRET = two_secrets(SHOPIFY)[0]


def order(**changes):
    """The order with changes, in a delivery of its own."""
    headers = {name: value for name, value in ORDER.headers.items() if "Id" not in name}
    return replace(ORDER, body=json.dumps({**json.loads(ORDER.body), **changes}).encode(), headers=headers)


def deliver_at_once(urls, orders):
    def post(number):
        with requests.Session() as session:
            return deliver(session, urls[number % len(urls)], SHOPIFY, orders[number], secret=SECRET)

    with ThreadPoolExecutor(len(orders)) as pool:
        return list(pool.map(post, range(len(orders))))


def all_ended(redis) -> bool:
    return Ledger(redis).events.backlog("10000001") == 0


def test_an_order_delivered_ten_times_at_once_makes_one_contact_and_one_invoice(processes, redis, sandbox):
    urls = [processes.start_web(), processes.start_web()]
    for _ in range(4):
        processes.start("worker", "--threads", "2")

    answers = deliver_at_once(urls, [ORDER] * 10)
    until(lambda: all_ended(redis), "every event has ended")

    assert Counter(answer.json()["status"] for answer in answers) == {"queued": 1, "duplicate": 9}
    assert len({answer.json()["event_id"] for answer in answers}) == 1
    assert (len(sandbox.contacts), len(sandbox.invoices)) == (1, 1)


def test_ten_versions_of_one_order_at_once_make_one_contact_and_one_invoice(processes, redis, sandbox):
    urls = [processes.start_web(), processes.start_web()]
    for _ in range(4):
        processes.start("worker", "--threads", "2")

    answers = deliver_at_once(urls, [order(updated_at=f"2026-03-14T12:00:0{second}-04:00") for second in range(10)])
    until(lambda: all_ended(redis), "every event has ended")

    assert {answer.json()["status"] for answer in answers} == {"queued"}
    assert Ledger(redis).events.counts()["posted"] == 10
    assert (len(sandbox.contacts), len(sandbox.invoices)) == (1, 1)


def test_ten_orders_of_one_new_buyer_at_once_make_one_contact(processes, redis, sandbox):
    urls = [processes.start_web()]
    for _ in range(4):
        processes.start("worker", "--threads", "2")

    deliver_at_once(urls, [order(id=number, name=f"#{number}") for number in range(2001, 2011)])
    until(lambda: all_ended(redis), "every event has ended")

    assert (len(sandbox.contacts), len(sandbox.invoices)) == (1, 10)


def test_a_worker_stopped_between_events_and_started_again_loses_and_doubles_nothing(processes, redis, sandbox):
    url = processes.start_web()
    deliver_at_once([url], [order(id=number, name=f"#{number}") for number in range(3001, 3013)])
    first = processes.start("worker", "--threads", "1")
    until(lambda: sandbox.invoices, "the first worker has posted something")

    first.send_signal(signal.SIGTERM)
    asked_at = time.monotonic()
    assert first.wait(10) == 0
    assert time.monotonic() - asked_at < 10
    processes.start("worker", "--threads", "1")
    until(lambda: all_ended(redis), "the second worker has done the rest")

    numbers = Counter(invoice["reference_number"].split()[0] for invoice in sandbox.invoices)
    assert numbers == {f"#{number}": 1 for number in range(3001, 3013)}


def test_a_burst_worker_ends_when_nothing_is_ready(processes, redis, sandbox):
    url = processes.start_web()
    deliver_at_once([url], [order(id=number, name=f"#{number}") for number in range(4001, 4004)])

    burst = processes.start("worker", "--burst")

    assert burst.wait(20) == 0
    assert len(sandbox.invoices) == 3


def test_a_body_over_the_limit_is_refused_over_the_wire_however_it_is_sent(processes):
    url = processes.start_web()

    told = requests.post(f"{url}/hooks/shopify", data=b" " * 2_000_001, timeout=10)
    streamed = requests.post(f"{url}/hooks/shopify", data=iter([b" " * 1_000_001] * 2), timeout=10)

    assert (told.status_code, streamed.status_code) == (413, 413)


def test_a_running_worker_retries_all_that_one_answer_mends(processes, redis, sandbox):
    lines = [
        {**line, "tax_lines": [{**tax, "title": "Tax of Nowhere"} for tax in line["tax_lines"]]}
        for line in json.loads(ORDER.body)["line_items"]
    ]
    urls, ledger = [processes.start_web()], Ledger(redis)
    for _ in range(2):
        processes.start("worker", "--threads", "2")
    deliver_at_once(urls, [order(id=number, name=f"#{number}", line_items=lines) for number in range(8)])
    until(lambda: ledger.events.counts()["parked"] == 8, "every order asks for its tax")
    [failure] = ledger.failures.newest(10)

    ledger.answers.give("shopify", failure.trouble.question, name="State Tax", by="ann")
    bulk_id, _ = ledger.bulks.start("retry", Chosen(state="parked", failure=failure.key), by="ann")

    until(lambda: ledger.events.counts()["posted"] == 8, "every order is posted")
    bulk = ledger.bulks.get(bulk_id)
    assert (bulk.state, bulk.done, bulk.refused) == ("done", 8, {})
    assert len(sandbox.invoices) == 8

"""Workers that are stopped or die: what they had goes on elsewhere; what kills them is set aside."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import requests

from cli.send import deliver
from ledger.ledger import Ledger
from tests.e2e.conftest import until
from tests.scene import SOURCES, example, two_secrets

ORDER = example("shopify/paid_order")
SHOPIFY = SOURCES["shopify"]
SECRET = two_secrets(SHOPIFY)[0]
# A worker for which the order #666 is deadly, with leases short enough to wait for.
DEADLY = """
import os, sys
import ledger.documents, ledger.events, ledger.leases, worker.process, worker.work
for module in (ledger.documents, ledger.events, ledger.leases):
    module.LEASE_SECONDS = 3.0
worker.process.TICKS_TO_RENEW = 5
settle_order = worker.work.settle_order
def die(task, drafts):
    if drafts.invoice.reference_number == "#666":
        os._exit(9)
    return settle_order(task, drafts)
worker.work.settle_order = die
from cli.main import main
sys.argv = ["bookhook", "worker", "--threads", "3"]
main()
"""


def send(url: str, number: int) -> str:
    headers = {name: value for name, value in ORDER.headers.items() if "Id" not in name}
    body = {**json.loads(ORDER.body), "id": number, "name": f"#{number}"}
    order = replace(ORDER, body=json.dumps(body).encode(), headers=headers)
    with requests.Session() as session:
        return deliver(session, url, SHOPIFY, order, secret=SECRET).json()["event_id"]


def test_an_event_that_kills_its_worker_is_parked_and_its_neighbours_are_posted(processes, redis, sandbox):
    url = processes.start_web()
    poison = send(url, 666)
    neighbours = [send(url, number) for number in range(1, 6)]
    events = Ledger(redis).events
    deaths = 0

    def settled() -> bool:
        nonlocal deaths
        if running[0].poll() is not None:
            deaths += 1
            running[0] = start()
        return events.get(poison).state == "parked" and all(events.get(one).state == "posted" for one in neighbours)

    def start() -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([sys.executable, "-c", DEADLY], env=processes.environ, cwd=processes.folder)
        processes.running.append(process)
        return process

    running = [start()]
    until(settled, "the poison is parked and its neighbours are posted", seconds=90)

    assert events.get(poison).error.code == "poison"
    assert deaths >= 3
    assert len(sandbox.invoices) == len(neighbours)


def test_a_stopped_worker_hands_back_what_it_cannot_finish_in_time(processes, redis, sandbox):
    url = processes.start_web()
    sandbox.fault(on="POST /invoices", times=1, do="timeout_after_saving", seconds=25)
    event_id = send(url, 7)
    first = processes.start("worker", "--threads", "1")
    until(lambda: sandbox.calls.get("POST /invoices"), "the invoice is on its way")

    asked_at = time.monotonic()
    first.send_signal(signal.SIGTERM)
    assert first.wait(15) == 0
    assert time.monotonic() - asked_at < 10
    ledger = Ledger(redis)
    assert ledger.events.get(event_id).state == "queued"
    assert "handed_back" in [step.step for step in ledger.events.timeline(event_id)]

    processes.start("worker", "--threads", "1")
    until(lambda: ledger.events.get(event_id).state == "posted", "the next worker finds what was saved")
    assert len(sandbox.invoices) == 1

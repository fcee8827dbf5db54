"""The embedded Redis dies under a running web and worker: everything goes on by itself."""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from cli.deployment import read_deployment
from cli.examples import as_new_delivery
from cli.ledgers import ledger_of
from cli.send import deliver
from config.embedded import is_running
from config.redis_client import open_redis
from tests.e2e.conftest import Processes, until
from tests.scene import SOURCES, example, two_secrets

SHOPIFY = SOURCES["shopify"]


@pytest.fixture
def on_their_own(environ: dict[str, str], tmp_path: Path) -> Iterator[Processes]:
    """Processes without a Redis of ours."""
    without = {name: value for name, value in environ.items() if name != "REDIS_URL"}
    home = {"BOOKHOOK_HOME": str(tmp_path / "home")}
    started = Processes({"PATH": os.environ["PATH"], **without, **home}, tmp_path)
    yield started
    started.end()


def order(number):
    sample = example("shopify/paid_order")
    body = {**json.loads(sample.body), "id": number, "name": f"#{number}"}
    return as_new_delivery(SHOPIFY, replace(sample, body=json.dumps(body).encode()))


def test_a_redis_killed_under_web_and_worker_is_back_by_itself_and_nothing_is_lost(on_their_own, sandbox):
    home = Path(on_their_own.environ["BOOKHOOK_HOME"])
    url = on_their_own.start_web()
    on_their_own.start("worker", "--threads", "2")

    def send(number):
        with requests.Session() as session:
            return deliver(session, url, SHOPIFY, order(number), secret=two_secrets(SHOPIFY)[0]).status_code

    def are_posted(count):
        return len(sandbox.invoices) == count

    assert send(1) == 202
    until(lambda: are_posted(1), "the first order is posted")
    for number in (2, 3):
        os.kill(int((home / "redis" / "redis.pid").read_text()), signal.SIGKILL)
        assert send(number) == 202
        until(lambda number=number: are_posted(number), "the order that came while Redis was away is posted")

    assert {invoice["reference_number"].split()[0] for invoice in sandbox.invoices} == {"#1", "#2", "#3"}
    assert all(process.poll() is None for process in on_their_own.running)
    on_their_own.end()
    assert not is_running(home)


def test_web_alone_brings_redis_back_for_what_it_has_spooled(on_their_own, sandbox):
    home = Path(on_their_own.environ["BOOKHOOK_HOME"])
    url = on_their_own.start_web()
    os.kill(int((home / "redis" / "redis.pid").read_text()), signal.SIGKILL)

    with requests.Session() as session:
        answer = deliver(session, url, SHOPIFY, order(1), secret=two_secrets(SHOPIFY)[0])
    assert answer.status_code == 202

    until(lambda: requests.get(f"{url}/readyz", timeout=5).json()["spooled"] == 0, "the spool is drained")
    deployment = read_deployment(on_their_own.environ)
    with open_redis(deployment.settings) as redis:
        assert ledger_of(deployment, redis).events.counts()["queued"] == 1

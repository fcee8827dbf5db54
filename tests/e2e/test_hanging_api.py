"""Real web and worker processes, and a sender's API that hangs."""

import json
import time

import pytest
import requests

from cli.examples import sign
from ledger.ledger import Ledger
from mappings import Example, load_sources
from outbound.pace import AT_ONCE
from tests.e2e.conftest import until
from tests.outbound.api_server import Reply, served_api
from tests.scene import PUBLIC_URL, SOURCES, example, two_secrets
from tests.thin_shop import environ

__all__ = ["environ"]
EVENTS = 40


@pytest.fixture
def api():
    with served_api() as server:
        server.replies = [Reply(b" " * 10_000, pace="drip")]
        yield server


def post(web, connection, request):
    answer = requests.post(f"{web}{request.target(connection)}", data=request.body, headers=request.headers, timeout=5)
    assert answer.status_code == 202, answer.text


def test_an_api_that_hangs_holds_up_nobody_else(processes, redis, sandbox, api, tmp_path):
    corner = load_sources(tmp_path / "own")["corner"]
    processes.environ["ZOHO_CONCURRENT_CALLS"] = "5"  # as the free plan, less the headroom: all places but one hang
    web = processes.start_web()
    processes.start("worker", "--threads", str(AT_ONCE + 2))
    for number in range(EVENTS):
        body = json.dumps({"type": "paid", "id": number}).encode()
        thin = Example("corner", "paid", body, {"Content-Type": "application/json"}, {})
        post(web, "corner", sign(corner, thin, "s", timestamp=time.time(), public_url=PUBLIC_URL))
    until(lambda: len(api.asked) == AT_ONCE, "as many calls hang as may at once")

    secret = two_secrets(SOURCES["standard"])[0]
    post(web, "standard", sign(SOURCES["standard"], example("standard/order"), secret, timestamp=time.time()))

    backlog = Ledger(redis).events.backlog
    until(lambda: backlog("10000001") == EVENTS, "an order of another connection is done", seconds=20)
    assert len(sandbox.invoices) == 1
    assert len(api.asked) == AT_ONCE

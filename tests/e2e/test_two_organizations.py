"""Real web and worker processes for two organizations in two data centres, each a sandbox of its own."""

import time
from pathlib import Path

import pytest
import requests

from cli.examples import sign
from ledger.ledger import Ledger
from tests.e2e.conftest import until
from tests.scene import SOURCES
from tests.two_organizations import AMERICA, EUROPE, SECRET_OF, order, settings_of_both

# More than any test here waits: a call that hangs is not over when its time is.
TIMEOUT_SECONDS = 120


@pytest.fixture
def at_once(request) -> int:
    """How many calls the second organization allows in flight."""
    return getattr(request, "param", 10)


@pytest.fixture
def environ(environ, europe, tmp_path: Path, at_once: int):
    limits = {"calls_per_minute": 10_000, "calls_per_day": 100_000, "concurrent_calls": at_once, "quota_headroom": 0}
    patient = {**environ, "ZOHO_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS)}
    return settings_of_both(patient, europe, tmp_path, limits=limits)


def deliver(web: str, shop: str, number: int) -> None:
    request = sign(SOURCES["shopify"], order(number), SECRET_OF[shop], timestamp=time.time())
    answer = requests.post(f"{web}{request.target(shop)}", data=request.body, headers=dict(request.headers), timeout=5)
    assert answer.status_code == 202, answer.text


def backlog(redis, organization: str) -> int:
    return Ledger(redis).events.backlog(organization)


def references(zoho) -> list[tuple[str, str]]:
    told = [(each["organization_id"], each["reference_number"].split()[0]) for each in zoho.invoices]
    return sorted(told, key=lambda pair: int(pair[1][1:]))


def test_each_order_reaches_its_own_books_and_each_token_its_own_host(processes, redis, sandbox, europe):
    webs = [processes.start_web(), processes.start_web()]
    for _ in range(2):
        processes.start("worker", "--threads", "4")

    for number in range(40):
        deliver(webs[number % 2], ["shop-us", "shop-eu"][number // 2 % 2], number)
    until(lambda: backlog(redis, AMERICA) == backlog(redis, EUROPE) == 0, "every event has ended")

    assert references(sandbox) == [(AMERICA, f"#{number}") for number in range(40) if number // 2 % 2 == 0]
    assert references(europe) == [(EUROPE, f"#{number}") for number in range(40) if number // 2 % 2 == 1]
    # A sandbox refuses what another issued; then a second token would be asked for.
    assert [zoho.calls["POST /oauth/v2/token"] for zoho in (sandbox, europe)] == [1, 1]


@pytest.fixture
def hanging(europe):
    """Every call to the second data centre hangs, until the test is over."""
    europe.fault(on="*", do="save_after_timeout", times=1000, seconds=TIMEOUT_SECONDS)
    yield europe
    europe.reset()


@pytest.mark.parametrize(("threads", "at_once"), [(4, 10), (64, 70)], indirect=["at_once"])
def test_a_zoho_that_hangs_holds_up_its_own_organization_and_no_other(
    processes, redis, sandbox, hanging, threads, at_once
):
    web = processes.start_web()
    processes.start("worker", "--threads", str(threads))
    for number in range(at_once + 5):
        deliver(web, "shop-eu", number)
    until(lambda: sum(hanging.calls.values()) > 1, "a call hangs")  # beside the one for a token

    for number in range(100, 110):
        deliver(web, "shop-us", number)
    # With its places kept by what hangs, a worker would take as long as a call may.
    until(lambda: backlog(redis, AMERICA) == 0, "the other organization's events have ended", TIMEOUT_SECONDS / 2)

    assert len(sandbox.invoices) == 10
    assert (backlog(redis, EUROPE), hanging.invoices) == (at_once + 5, [])
    assert redis.zcard(f"bh:handed:{EUROPE}") == at_once
    for process in processes.running:
        process.kill()

"""Organizations that are connected while the processes run, which notice it by themselves."""

import pytest

from ledger.ledger import Ledger
from tests.connected import connect, disconnect, without_grant
from tests.e2e.conftest import until
from tests.e2e.test_processes import deliver_at_once, order


@pytest.fixture
def environ(environ):
    return without_grant(environ)


def test_processes_that_began_without_any_grant_work_as_soon_as_there_is_one(processes, redis, sandbox, tmp_path):
    url = processes.start_web()
    processes.start("worker", "--threads", "2")
    deliver_at_once([url], [order(id=number, name=f"#{number}") for number in (1, 2)])
    until(lambda: "no organization is connected yet" in (tmp_path / "1-worker.log").read_text(), "the worker says so")
    assert sandbox.invoices == []

    grant = connect(redis)
    until(lambda: len(sandbox.invoices) == 2, "what waited is posted")
    disconnect(redis)
    deliver_at_once([url], [order(id=3, name="#3")])
    connect(redis)
    until(lambda: Ledger(redis).events.counts()["posted"] == 3, "what came while disconnected is posted")

    written = b"".join(log.read_bytes() for log in tmp_path.glob("*.log"))
    assert grant.refresh_token.encode() not in written
    assert grant.client_secret.encode() not in written


def test_a_burst_worker_posts_for_an_organization_of_which_only_the_console_knows(processes, redis, sandbox):
    url = processes.start_web()
    deliver_at_once([url], [order(id=number, name=f"#{number}") for number in range(1, 4)])
    connect(redis)

    assert processes.start("worker", "--burst").wait(30) == 0

    assert len(sandbox.invoices) == 3

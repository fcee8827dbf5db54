"""Organizations that are connected in the console while workers run: what waits goes on, and nothing goes astray."""

import pytest

from tests.connected import KEY, connect, disconnect, without_grant
from tests.two_organizations import order
from worker.fetching import complete
from worker.pauses import notice_connected

AMERICA, EUROPE = "10000001", "10000002"


REVOKED = {
    "ZOHO_CLIENT_ID": "test",
    "ZOHO_CLIENT_SECRET": "sandbox-secret",
    "ZOHO_REFRESH_TOKEN": "revoked",
    "ZOHO_ORGANIZATION_ID": AMERICA,
}


@pytest.fixture
def settings(request):
    return getattr(request, "param", {})


@pytest.fixture
def environ(environ, settings):
    return {**without_grant(environ), **settings}


def work(worker):
    """What a worker process does in a second or two."""
    notice_connected(worker.desk)
    worker.drain()


def deliver(hooks, number: int) -> str:
    event_id: str = hooks.deliver(order(number)).json["event_id"]
    return event_id


def states(worker, *event_ids):
    return [worker.event(event_id).state for event_id in event_ids]


def test_events_wait_until_an_organization_is_connected_and_are_then_posted(hooks, worker, redis, sandbox):
    events = [deliver(hooks, number) for number in range(1, 4)]
    work(worker)
    assert states(worker, *events) == ["queued"] * 3

    connect(redis)
    work(worker)

    assert states(worker, *events) == ["posted"] * 3
    assert [invoice["organization_id"] for invoice in sandbox.invoices] == [AMERICA] * 3
    assert {worker.event(event).organization for event in events} == {AMERICA}


def test_what_comes_after_connecting_is_posted_at_once(hooks, worker, redis, sandbox):
    connect(redis)
    work(worker)

    event = deliver(hooks, 1)
    worker.drain()

    assert states(worker, event) == ["posted"]


def test_an_organization_that_is_connected_but_not_the_default_is_not_guessed_to_be(hooks, worker, redis, sandbox):
    connect(redis, default=False)
    event = deliver(hooks, 1)
    work(worker)

    assert states(worker, event) == ["queued"]
    assert sandbox.invoices == []


def test_another_default_later_is_for_later_events_alone(hooks, worker, redis, sandbox):
    connect(redis)
    first = deliver(hooks, 1)
    work(worker)
    connect(redis, organization_id=EUROPE, name="Sandbox GmbH")
    notice_connected(worker.desk)
    second = deliver(hooks, 2)
    worker.drain()

    assert [worker.event(each).organization for each in (first, second)] == [AMERICA, EUROPE]
    assert sorted(invoice["organization_id"] for invoice in sandbox.invoices) == [AMERICA, EUROPE]


@pytest.mark.parametrize("settings", [REVOKED], indirect=True)
def test_a_revoked_grant_of_the_settings_is_mended_by_the_consoles_at_once(hooks, worker, redis, sandbox, ledger):
    waiting = [deliver(hooks, 1), deliver(hooks, 2)]
    work(worker)
    assert ledger.dispatch.paused(AMERICA) is not None

    connect(redis)
    work(worker)

    assert states(worker, *waiting) == ["posted"] * 2
    assert ledger.dispatch.paused(AMERICA) is None
    assert "works for organization 10000001 again" in sandbox.slack[-1]["body"]["text"]


def test_a_disconnected_organizations_events_wait_and_go_on_when_it_is_back(
    hooks, worker, redis, sandbox, ledger, clock
):
    connect(redis)
    notice_connected(worker.desk)
    hooks.deliver(order(1))
    ledger.dispatch.assign(AMERICA)
    disconnect(redis)
    work(worker)
    event = worker.only_event()
    assert (event.state, event.error.code) == ("waiting", "organization_paused")
    assert "connect it in the console" in event.error.message
    clock.advance(30)
    work(worker)
    assert worker.only_event().attempts == 1

    connect(redis)
    work(worker)

    assert states(worker, event.event_id) == ["posted"]


def test_what_was_begun_with_an_old_grant_pauses_nobody_and_is_tried_with_the_new_one(
    hooks, worker, redis, sandbox, ledger, clock, monkeypatch
):
    connect(redis, refresh_token="replaced")
    notice_connected(worker.desk)
    event = deliver(hooks, 1)

    def connected_meanwhile(*begun: object) -> object:
        connect(redis)
        notice_connected(worker.desk)
        return complete(*begun)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("worker.work.complete", connected_meanwhile)
        worker.drain()

    assert worker.event(event).state == "waiting"
    assert "connected anew" in worker.event(event).error.message
    assert ledger.dispatch.paused(AMERICA) is None
    assert sandbox.slack == []
    clock.advance(2)
    worker.drain()
    assert states(worker, event) == ["posted"]


@pytest.mark.parametrize("settings", [REVOKED], indirect=True)
def test_disconnecting_leaves_the_settings_grant_to_be_used_again(hooks, worker, redis):
    connect(redis, refresh_token="another")
    notice_connected(worker.desk)
    assert worker.desk.organizations[AMERICA].refresh_token == "another"

    disconnect(redis)
    notice_connected(worker.desk)

    assert worker.desk.organizations[AMERICA].refresh_token == "revoked"
    assert worker.desk.books[AMERICA].organization.refresh_token == "revoked"


def test_a_grant_whose_key_is_gone_stops_nobody_and_keeps_its_events(hooks, worker, redis, sandbox, ledger):
    connect(redis, key=KEY[::-1])
    hooks.deliver(order(1))
    work(worker)

    [problem] = worker.desk.organizations.unreadable()
    assert "BOOKHOOK_SECRET_KEY" in problem
    assert worker.only_event().state == "waiting"
    assert "not connected" in ledger.dispatch.paused(AMERICA).reason

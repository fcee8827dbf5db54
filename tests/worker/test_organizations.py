"""One worker for several organizations: each one's own books, host, token, quota and troubles."""

import datetime
from random import Random

import pytest

from cli.deployment import read_deployment
from cli.desk import open_desk
from ingest.app import create_app
from ingest.door import Door
from ingest.intake import Intake
from ingest.spool import Spool
from tests.scene import Hooks, Worker, example
from tests.two_organizations import AMERICA, EUROPE, deliver, order, settings_of_both
from worker.nightly import reconcile_if_due
from worker.reconcile import reconcile

SETTLE, SEND = 120, 30


@pytest.fixture
def environ(environ, europe, tmp_path):
    return settings_of_both({**environ, "ZOHO_TIME_ZONE": "UTC"}, europe, tmp_path)


def told(worker, *event_ids):
    return [worker.event(event_id).state for event_id in event_ids]


def invoiced(zoho) -> list[tuple[str, str]]:
    return [(invoice["organization_id"], invoice["reference_number"].split()[0]) for invoice in zoho.invoices]


def test_every_order_is_invoiced_in_the_books_of_its_own_organization(hooks, worker, sandbox, europe):
    events = [deliver(hooks, shop, order(number)) for number, shop in enumerate(["shop-us", "shop-eu"] * 2, 1)]
    worker.drain()

    assert told(worker, *events) == ["posted"] * 4
    assert invoiced(sandbox) == [(AMERICA, "#1"), (AMERICA, "#3")]
    assert invoiced(europe) == [(EUROPE, "#2"), (EUROPE, "#4")]
    [invoice, _] = europe.invoices
    assert (invoice["currency_code"], invoice["exchange_rate"]) == ("USD", 0.909091)


def test_a_token_of_one_organization_never_reaches_the_others_host(hooks, worker, sandbox, europe):
    for number in range(4):
        deliver(hooks, ["shop-us", "shop-eu"][number % 2], order(number))
        worker.drain()

    # A sandbox refuses what another issued; then a second token would be asked for.
    assert [zoho.calls["POST /oauth/v2/token"] for zoho in (sandbox, europe)] == [1, 1]
    assert len(set(worker.redis.scan_iter("bh:token:*:access"))) == 2
    assert [record["organization_id"] for record in sandbox.contacts + europe.contacts] == [AMERICA, EUROPE]


def test_an_order_of_the_same_number_in_two_shops_is_two_orders(hooks, worker, sandbox, europe):
    deliver(hooks, "shop-us", order(1))
    deliver(hooks, "shop-eu", order(1))
    worker.drain()

    assert (len(sandbox.invoices), len(europe.invoices)) == (1, 1)


def test_a_broken_grant_pauses_its_own_organization_and_no_other(environ, hooks, ledger, worker, sandbox, europe):
    revoked = read_deployment({**environ, "EUROPE_REFRESH_TOKEN": "revoked"})
    broken = Worker(open_desk(revoked, ledger, report=worker.reported.append, random=Random(1)), worker.redis, [])
    events = [deliver(hooks, shop, order(number)) for number, shop in enumerate(["shop-eu", "shop-us"] * 2, 1)]

    broken.drain()

    assert told(worker, *events) == ["waiting", "posted"] * 2
    assert [ledger.dispatch.paused(organization) is None for organization in (AMERICA, EUROPE)] == [True, False]
    [alert] = sandbox.slack
    assert f"paused organization {EUROPE}" in alert["body"]["text"]
    assert "set the new EUROPE_REFRESH_TOKEN" in alert["body"]["text"]


@pytest.mark.parametrize("do", ["answer_429_44", "answer_429_45", "answer_429_1070", "answer_500", "reset"])
def test_what_one_zoho_refuses_holds_up_no_other(hooks, worker, sandbox, europe, do):
    europe.fault(on="*", times=50, do=do)
    events = [deliver(hooks, shop, order(number)) for number, shop in enumerate(["shop-eu", "shop-us"] * 3, 1)]

    worker.drain()

    assert told(worker, *events[1::2]) == ["posted"] * 3
    assert "posted" not in told(worker, *events[::2])
    assert len(sandbox.invoices) == 3


def test_an_organizations_own_limits_are_kept(environ, europe, tmp_path, ledger, worker, hooks, sandbox):
    limits = {"calls_per_minute": 7, "calls_per_day": 100, "concurrent_calls": 5, "quota_headroom": 0}
    narrow = read_deployment(settings_of_both(environ, europe, tmp_path, limits=limits))
    careful = Worker(open_desk(narrow, ledger, report=worker.reported.append, random=Random(1)), worker.redis, [])
    for number, shop in enumerate(["shop-eu", "shop-us"] * 10, 1):
        deliver(hooks, shop, order(number))

    careful.drain()

    assert len(sandbox.invoices) == 10
    assert (
        sum(count for call, count in europe.calls.items() if "organizations" not in call and "oauth" not in call) <= 7
    )


def test_books_that_agree_end_the_care_for_their_own_organization_only(hooks, worker, sandbox, europe, clock):
    worker.desk.ledger.incarnation.declare_gone_back()
    clock.advance(SETTLE + SEND + 1)
    assert reconcile(worker.desk, worker.desk.books[AMERICA], since=0).differences == ()

    american, european = deliver(hooks, "shop-us", order(1)), deliver(hooks, "shop-eu", order(2))
    worker.drain()

    steps = {event: {step.step for step in worker.desk.ledger.events.timeline(event)} for event in (american, european)}
    assert "looked_for_first" not in steps[american]
    assert "looked_for_first" in steps[european]


def test_at_night_what_is_odd_in_one_organizations_books_keeps_no_other_from_being_compared(
    hooks, worker, clock, monkeypatch
):
    deliver(hooks, "shop-us", order(1))
    deliver(hooks, "shop-eu", order(2))
    worker.drain()
    compared = []

    def compare(desk, books, *, since):
        compared.append(books.organization.organization_id)
        raise KeyError("invoice_id")

    monkeypatch.setattr("worker.nightly.reconcile", compare)
    reconcile_if_due(worker.desk, datetime.time(0, 0))

    assert compared == [AMERICA, EUROPE]
    assert [type(error) for error in worker.reported] == [KeyError, KeyError]


def test_an_organization_that_has_nothing_to_do_costs_no_call_and_opens_no_books(hooks, worker, sandbox, europe):
    deliver(hooks, "shop-us", order(1))
    worker.drain()
    reconcile_if_due(worker.desk, datetime.time(0, 0))

    assert set(europe.calls) <= {"POST /oauth/v2/token", "GET /organizations"}, "only the time zone is asked for"
    assert list(worker.redis.scan_iter(f"*{EUROPE}*")) == []


def test_while_its_zoho_hangs_one_event_of_an_organization_is_tried_at_a_time(
    environ, hooks, ledger, worker, sandbox, europe, clock
):
    hurried = read_deployment({**environ, "ZOHO_TIMEOUT_SECONDS": "1"})
    impatient = Worker(open_desk(hurried, ledger, report=worker.reported.append, random=Random(1)), worker.redis, [])
    europe.fault(on="*", do="save_after_timeout", times=1, seconds=30)
    deliver(hooks, "shop-eu", order(1))
    impatient.drain()
    ledger.dispatch.pause(EUROPE, reason="so that they wait", seconds=1)
    waiting = [deliver(hooks, "shop-eu", order(number)) for number in range(2, 6)]
    worker.redis.hdel(f"bh:organization:{EUROPE}", "paused_until", "pause_reason")

    assert len(ledger.dispatch.offer(EUROPE, at_once=10)) == 1
    assert len(ledger.dispatch.offer(AMERICA, at_once=10)) == 0

    impatient.drain()
    assert told(worker, *waiting) == ["posted"] * 4
    assert worker.redis.hget(f"bh:organization:{EUROPE}", "slow_until") is None


def test_what_fails_at_once_does_not_slow_down_its_organization(hooks, worker, europe):
    europe.fault(on="*", do="answer_500", times=3)
    deliver(hooks, "shop-eu", order(1))
    worker.drain()

    assert worker.redis.hget(f"bh:organization:{EUROPE}", "slow_until") is None


@pytest.fixture
def moved(environ, tmp_path, hooks, ledger, worker, sandbox):
    """The door and a worker once the American shop posts to the European organization."""
    file = tmp_path / "moved.yaml"
    text = (tmp_path / "two_organizations.yaml").read_text()
    file.write_text(text.replace("secret: AMERICA_SECRET", "secret: AMERICA_SECRET, organization: europe"))
    deployment = read_deployment({**environ, "BOOKHOOK_CONNECTIONS": str(file)})
    door = Door(deployment.configured, deployment.connections, deployment.settings.public_url)
    app = create_app(door, Intake(ledger, Spool(tmp_path / "moved")), max_body_bytes=10**6, clock=hooks.clock)
    desk = open_desk(deployment, ledger, report=worker.reported.append, random=Random(1))
    return Hooks(app.test_client(), hooks.clock, sandbox.url), Worker(desk, worker.redis, [])


def test_an_order_in_the_old_books_is_left_to_a_person_once_its_connection_posts_to_others(
    hooks, worker, sandbox, europe, moved
):
    deliver(hooks, "shop-us", order(1))
    worker.drain()

    again = deliver(moved[0], "shop-us", order(1, updated_at="2026-03-15T12:00:00-04:00"))
    other = deliver(moved[0], "shop-us", order(2))
    moved[1].drain()

    assert told(worker, again, other) == ["parked", "posted"]
    assert worker.event(again).error.code == "other_organization"
    assert (invoiced(sandbox), invoiced(europe)) == ([(AMERICA, "#1")], [(EUROPE, "#2")])


def test_so_is_a_refund_of_it_and_no_id_leads_into_the_other_books(hooks, worker, europe, moved):
    deliver(hooks, "shop-us", example("shopify/taxes_included"))
    worker.drain()

    refund = deliver(moved[0], "shop-us", example("shopify/refund_by_amount"))
    moved[1].drain()

    assert worker.event(refund).error.code == "other_organization"
    assert set(europe.calls) <= {"POST /oauth/v2/token", "GET /organizations"}, "only the time zone is asked for"

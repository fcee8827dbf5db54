"""Webhooks that never came of senders whose webhooks only name an order: found, posted once, never doubled."""

import json
from dataclasses import replace

import pytest

from cli.deployment import read_deployment
from errors import NeedsAttention
from ingest.door import make_arrival
from outbound import ApiLimited
from tests.apis.platform import KEY
from tests.apis.senders import SENDERS, BigCommerceSender, CloseSender, EtsySender, PipedriveSender, Sender, iso
from tests.outbound.api_server import Reply, served_api
from tests.scene import example
from worker.healing import KNOWN, MISSING, NOT_FOR_US, ON_ITS_WAY_SECONDS, Healer, heal_if_due

HOUR, DAY = 3600.0, 86400.0


@pytest.fixture(params=SENDERS, ids=lambda kind: kind.__name__.removesuffix("Sender").lower())
def sender(request) -> Sender:
    return request.param()


@pytest.fixture
def platform(sender):
    with served_api(sender.platform) as platform:
        yield platform


@pytest.fixture
def environ(environ, sender, platform, tmp_path):
    file = tmp_path / "connections.yaml"
    told = {"settings": sender.settings, "apis": {sender.host: f"{platform.origin}/"}}
    file.write_text(json.dumps({"connections": {sender.source: told, "slack": {"expenses": {"approval": "none"}}}}))
    keys = ("PIPEDRIVE_API_TOKEN", "BIGCOMMERCE_ACCESS_TOKEN", "SQUARESPACE_API_KEY", "ECWID_ACCESS_TOKEN")
    keys += ("ETSY_ACCESS_TOKEN", "ETSY_API_KEY", "CLOSE_API_KEY")
    return {**environ, **dict.fromkeys(keys, KEY), "BOOKHOOK_CONNECTIONS": str(file)}


@pytest.fixture
def healer(worker, deployment) -> Healer:
    return Healer(desk=worker.desk, keys=deployment.heal_keys, make_arrival=make_arrival)


@pytest.fixture
def hold(sender, platform, clock):
    """Has the sender hold an order that was changed so many seconds ago."""

    def hold(key: str = "", *, ago: float = HOUR, **changes: object) -> None:
        sender.hold(platform, key or sender.own, clock() - ago, **changes)

    return hold


@pytest.fixture
def heal(healer, sender, clock):
    def heal(*, dry: bool = False, by: Healer = healer) -> list:
        until = clock() - ON_ITS_WAY_SECONDS
        return list(by.heal(sender.source, since=until - 3 * DAY, until=until, dry=dry))

    return heal


def kinds(found: list) -> list[str]:
    return [each.what for each in found]


def only(*kinds: type[Sender]):
    """For these senders alone."""
    return pytest.mark.parametrize("sender", kinds, indirect=True, ids=lambda kind: kind.__name__)


def test_an_order_whose_webhook_never_came_is_invoiced_once_however_often_its_sender_is_asked(
    hold, heal, worker, sandbox
):
    hold()

    first = heal()
    again_at_once = heal()
    worker.drain()
    again = heal()
    worker.drain()

    assert (kinds(first), kinds(again_at_once), kinds(again)) == ([MISSING], [KNOWN], [KNOWN])
    assert worker.desk.ledger.events.counts()["posted"] == 1
    assert len(sandbox.invoices) == 1
    assert "healed" in [step.step for step in worker.desk.ledger.events.timeline(first[0].event_id)]


def test_an_order_that_came_is_not_recorded_again_be_it_only_waiting(sender, hold, heal, clock, hooks, worker):
    hold()
    assert hooks.deliver(sender.webhook(clock() - HOUR)).status_code == 202

    waiting = heal()
    worker.drain()
    posted = heal()

    assert (kinds(waiting), kinds(posted)) == ([KNOWN], [KNOWN])
    assert sum(worker.desk.ledger.events.counts().values()) == 1


def test_a_webhook_that_comes_after_all_changes_nothing(sender, hold, heal, clock, hooks, worker, sandbox):
    hold()
    heal()
    worker.drain()

    hooks.deliver(sender.webhook(clock() - HOUR))
    worker.drain()

    assert len(sandbox.invoices) == 1
    assert worker.desk.ledger.events.counts()["parked"] == 0


def test_what_is_too_new_or_too_old_is_left_alone(hold, heal):
    hold(ago=60)
    assert heal() == []

    hold(ago=4 * DAY)
    assert heal() == []


def test_what_is_no_business_of_ours_is_not_recorded(sender, hold, heal, worker):
    hold(**sender.not_for_us)

    assert set(kinds(heal())) <= {NOT_FOR_US}
    assert sum(worker.desk.ledger.events.counts().values()) == 0


def test_a_dry_run_looks_through_every_page_and_records_nothing(sender, hold, heal, worker):
    count = 2 * sender.page + 1
    for number in range(1, count + 1):
        hold(sender.pattern.format(number))

    found = heal(dry=True)

    assert len({each.order for each in found if each.what == MISSING}) == count
    assert sum(worker.desk.ledger.events.counts().values()) == 0


def test_a_sender_that_is_asked_too_often_is_asked_again_a_little_later_but_not_for_ever(hold, heal, healer, platform):
    hold()
    waited = []
    patient = replace(healer, wait=waited.append)

    platform.faults = [Reply(b"{}", 429, {"Retry-After": "2"})] * 2
    found = heal(by=patient)
    platform.faults = [Reply(b"{}", 429, {"Retry-After": "25"})] * 9

    assert kinds(found) == [MISSING]
    assert waited == [2.0, 2.0]
    with pytest.raises(ApiLimited):
        heal(by=patient)


@only(PipedriveSender)
def test_an_order_that_cannot_be_read_keeps_no_other_and_is_told_of(sender, hold, healer, worker, sandbox):
    hold("1", ago=2 * HOUR)
    hold("2", id=None)
    hold("3", ago=3 * HOUR)

    heal_if_due(replace(healer, keys={sender.source: healer.keys[sender.source]}), HOUR)
    worker.drain()

    last = healer.desk.ledger.heals.last(sender.source)
    assert (last["listed"], last["missing"]) == ("2", "2")
    assert "heal.lists.deals.body" in last["trouble"]
    assert len(sandbox.invoices) == 2


@pytest.mark.parametrize(("status", "code"), [(401, "api_unauthorized"), (404, "api_missing")])
def test_a_sender_that_refuses_is_noted_in_words_without_the_key(status, code, sender, healer, heal, platform):
    platform.faults = [Reply(b"{}", status)] * 9
    with pytest.raises(NeedsAttention) as caught:
        heal()
    heal_if_due(replace(healer, keys={sender.source: healer.keys[sender.source]}), HOUR)

    assert caught.value.code == code
    trouble = healer.desk.ledger.heals.last(sender.source)["trouble"]
    assert sender.host in trouble
    assert KEY not in trouble


@only(PipedriveSender)
def test_a_deal_that_is_lost_after_all_is_cancelled_once_and_one_that_was_told_is_not_recorded_again(
    sender, hold, heal, clock, hooks, worker, sandbox
):
    hooks.deliver(sender.webhook(clock() - 2 * HOUR))
    hold("1", ago=2 * HOUR)
    worker.drain()
    hold("1", status="lost", lost_time="2026-05-28T00:00:00Z")

    found = heal()
    worker.drain()
    again = heal()

    assert [(each.what, each.topic) for each in (*found, *again)] == [(MISSING, "deal.lost"), (KNOWN, "deal.lost")]
    assert [invoice["status"] for invoice in sandbox.invoices] == ["void"]


@only(PipedriveSender)
def test_a_lost_deal_whose_webhook_came_is_known(sender, hold, heal, clock, hooks):
    hooks.deliver(sender.webhook(clock() - HOUR, status="lost"))
    hold(status="lost")

    assert kinds(heal()) == [KNOWN]


@only(BigCommerceSender)
def test_a_refund_that_never_came_is_credited_once(sender, hold, heal, clock, worker, platform, sandbox):
    refund = {**example("bigcommerce/refund").fetched["refunds"][-1], "created": iso(clock() - HOUR)}
    hold()
    platform.put("refunds", {sender.own: [refund]})

    found = heal()
    worker.drain()
    worker.drain()
    again = heal()

    assert [(each.what, each.topic) for each in found] == [
        (MISSING, "store/order/statusUpdated"),
        (MISSING, "store/order/refund/created"),
    ]
    assert kinds(again) == [KNOWN, KNOWN]
    assert len(sandbox.creditnotes) == 1


@only(BigCommerceSender)
def test_a_refund_that_came_is_known(sender, hold, heal, clock, hooks, worker, platform, sandbox):
    refund = example("bigcommerce/refund")
    platform.put("refunds", {sender.own: [{**refund.fetched["refunds"][-1], "created": iso(clock() - HOUR)}]})
    hold()
    hooks.deliver(sender.webhook(clock() - HOUR))
    hooks.deliver(refund)
    worker.drain()
    worker.drain()

    assert kinds(heal()) == [KNOWN, KNOWN]
    assert len(sandbox.creditnotes) == 1


@only(BigCommerceSender)
def test_a_cancellation_that_never_came_is_found_in_an_order_that_is_known(
    sender, hold, heal, clock, hooks, worker, sandbox
):
    hold(ago=2 * HOUR, payment_status="", status_id=11)
    hooks.deliver(sender.webhook(clock() - 2 * HOUR))
    worker.drain()
    hold(status_id=5, status="Cancelled")

    found = heal()
    worker.drain()

    assert kinds(found) == [MISSING]
    assert len(sandbox.creditnotes) == 1


@only(EtsySender)
def test_a_refund_that_a_receipt_lists_is_found_though_its_sender_has_no_webhook_for_it(
    sender, hold, heal, clock, hooks, worker, sandbox
):
    hold(ago=2 * DAY)
    clock.advance(-2 * DAY)
    hooks.deliver(sender.webhook(clock()))
    clock.advance(2 * DAY)
    worker.drain()
    back = {"amount": 500, "divisor": 100, "currency_code": "USD"}
    hold(refunds=[{"amount": back, "created_timestamp": int(clock() - HOUR), "reason": "late", "status": "success"}])

    found = heal()
    worker.drain()

    assert kinds(found) == [MISSING]
    assert [note["total"] for note in sandbox.creditnotes] == [5]


@only(CloseSender)
def test_a_key_that_may_not_see_what_happened_is_told_of(hold, heal, platform):
    platform.is_admin = False
    hold()

    with pytest.raises(NeedsAttention, match=r"heal\.lists\.updated\.when"):
        heal()


@only(BigCommerceSender, EtsySender)
def test_what_a_sender_has_to_be_asked_with_must_be_said(sender, environ, tmp_path):
    file = tmp_path / "without.yaml"
    file.write_text(f"connections: {{{sender.source}: {{}}}}")
    found = read_deployment({**environ, "BOOKHOOK_CONNECTIONS": str(file)})

    [name] = sender.settings
    assert (
        f"set the option {name} in the `settings` of the connection {sender.source}: "
        in found.heal_lacks[sender.source]
    )
    assert sender.source not in found.heal_keys

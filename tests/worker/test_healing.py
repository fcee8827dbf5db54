"""Webhooks that never came are found by asking the sender, and nothing is recorded that is here already."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cli.deployment import read_deployment
from ingest.door import make_arrival
from outbound import ApiLimited
from tests.apis.listed_shops import ShopifyAdmin, WooCommerce
from tests.apis.platform import KEY
from tests.outbound.api_server import Reply, served_api
from tests.scene import example
from worker.healing import KNOWN, MISSING, ON_ITS_WAY_SECONDS, Healer, heal_if_due

ORDER = json.loads(example("shopify/paid_order").body)
REFUND = json.loads(example("shopify/refund_by_line").body)
HOUR = 3600.0


@pytest.fixture
def shop():
    with served_api(ShopifyAdmin) as platform:
        yield platform


@pytest.fixture
def woo():
    with served_api(WooCommerce) as platform:
        yield platform


@pytest.fixture
def environ(environ, shop, woo, tmp_path):
    file = tmp_path / "connections.yaml"
    told = f"{{settings: {{shop: acme.myshopify.com}}, apis: {{acme.myshopify.com: {shop.origin}/}}}}"
    also = f"{{settings: {{shop: shop.example.com}}, apis: {{shop.example.com: {woo.origin}/}}}}"
    file.write_text(f"connections: {{shopify: {told}, woocommerce: {also}, slack: {{expenses: {{approval: none}}}}}}")
    return {
        **environ,
        "SHOPIFY_ACCESS_TOKEN": KEY,
        "WOOCOMMERCE_API_KEY": "ck_1:cs_1",
        "BOOKHOOK_CONNECTIONS": str(file),
    }


@pytest.fixture
def healer(worker, deployment) -> Healer:
    return Healer(desk=worker.desk, keys=deployment.heal_keys, make_arrival=make_arrival)


@pytest.fixture
def sell(shop, clock):
    """Has the shop hold an order that was paid so many seconds ago."""

    def sell(number: int, *, ago: float = HOUR, **changes: object) -> dict:
        at = (datetime.fromtimestamp(clock(), UTC) - timedelta(seconds=ago)).isoformat(timespec="seconds")
        row = {**ORDER, "id": number, "name": f"#{number}", "updated_at": at, "refunds": [], **changes}
        shop.put("orders", {str(number): row})
        return row

    return sell


def heal(healer, clock, *, days: float = 3, dry: bool = False) -> list:
    until = clock() - ON_ITS_WAY_SECONDS
    return list(healer.heal("shopify", since=until - days * 86400, until=until, dry=dry))


def names(sandbox) -> list[str]:
    return sorted(invoice["reference_number"].split()[0] for invoice in sandbox.invoices)


def test_an_order_whose_webhook_never_came_is_invoiced_once_however_often_the_shop_is_asked(
    healer, sell, clock, worker, sandbox
):
    sell(1)
    sell(2)

    first = heal(healer, clock)
    again_at_once = heal(healer, clock)
    worker.drain()
    again = heal(healer, clock)
    worker.drain()

    assert [found.what for found in first] == [MISSING, MISSING]
    assert {found.what for found in (*again_at_once, *again)} == {KNOWN}
    assert names(sandbox) == ["#1", "#2"]


def test_what_was_healed_says_so(healer, sell, clock, worker):
    sell(1)
    [found] = heal(healer, clock)
    worker.drain()

    steps = [step.step for step in worker.desk.ledger.events.timeline(found.event_id)]
    assert "healed" in steps
    assert list(worker.desk.ledger.events.batch("healed-shopify")) == [found.event_id]


def test_an_order_that_came_is_not_recorded_again(healer, sell, clock, worker, hooks, sandbox):
    row = sell(1)
    sent = example("shopify/paid_order").with_fields({**row, "note": "as it was when it came"})
    hooks.deliver(sent)

    before_it_is_posted = heal(healer, clock)
    worker.drain()
    afterwards = heal(healer, clock)

    assert {found.what for found in (*before_it_is_posted, *afterwards)} == {KNOWN}
    assert worker.desk.ledger.events.counts()["posted"] == 1


def test_a_webhook_that_comes_after_all_changes_nothing(healer, sell, clock, worker, hooks, sandbox):
    row = sell(1)
    heal(healer, clock)
    worker.drain()

    hooks.deliver(example("shopify/paid_order").with_fields(row))
    worker.drain()

    assert names(sandbox) == ["#1"]
    assert worker.desk.ledger.events.counts()["parked"] == 0


def test_what_is_too_new_is_still_on_its_way(healer, sell, clock):
    sell(1, ago=60)

    assert heal(healer, clock) == []


def test_a_refund_that_never_came_is_credited(healer, sell, clock, worker, sandbox):
    refund = {**REFUND, "order_id": ORDER["id"]}
    sell(ORDER["id"], name="#1001", refunds=[refund], financial_status="partially_refunded")
    sell(2, financial_status="pending")

    topics = [found.topic for found in heal(healer, clock) if found.what == MISSING]
    worker.drain()
    worker.drain()

    assert topics == ["orders/paid", "refunds/create"]
    assert len(sandbox.creditnotes) == 1


def test_a_refund_that_never_came_of_a_shop_that_tells_the_whole_order_each_time_is_credited(
    healer, woo, clock, worker, hooks, sandbox
):
    paid, refunded = (json.loads(example(f"woocommerce/{case}").body) for case in ("paid_order", "partly_refunded"))
    gmt = [f"{datetime.fromtimestamp(clock() - ago, UTC):%Y-%m-%dT%H:%M:%S}" for ago in (7200, 3600)]
    came = {**refunded, "refunds": [], "date_modified_gmt": gmt[0]}
    hooks.deliver(example("woocommerce/paid_order").with_fields(came))
    worker.drain()
    woo.put("orders", {str(paid["id"]): {**refunded, "date_modified_gmt": gmt[1]}})

    until = clock() - ON_ITS_WAY_SECONDS
    first = [found.what for found in healer.heal("woocommerce", since=until - HOUR * 24, until=until)]
    worker.drain()
    again = [found.what for found in healer.heal("woocommerce", since=until - HOUR * 24, until=until)]

    assert (first, again) == ([MISSING], [KNOWN])
    assert len(sandbox.creditnotes) == len(refunded["refunds"])
    assert len(sandbox.invoices) == 1


def test_a_dry_run_records_nothing(healer, sell, clock, worker):
    sell(1)

    assert [found.what for found in heal(healer, clock, dry=True)] == [MISSING]
    assert sum(worker.desk.ledger.events.counts().values()) == 0


def test_each_sender_is_asked_once_in_its_time_and_what_came_of_it_is_kept(healer, sell, clock, shop):
    sell(1)

    heal_if_due(healer, 6 * HOUR)
    asked = len(shop.asked)
    heal_if_due(healer, 6 * HOUR)

    assert len(shop.asked) == asked
    last = healer.desk.ledger.heals.last("shopify")
    assert (last["listed"], last["missing"], last["trouble"]) == ("1", "1", "")


def test_a_shop_that_is_asked_too_often_is_asked_again_a_little_later_but_not_for_ever(healer, sell, clock, shop):
    sell(1)
    waited = []
    patient = replace(healer, wait=waited.append)

    shop.faults = [Reply(b"{}", 429, {"Retry-After": "2"})] * 2
    found = heal(patient, clock)
    shop.faults = [Reply(b"{}", 429, {"Retry-After": "25"})] * 9

    assert [each.what for each in found] == [MISSING]
    assert waited == [2.0, 2.0]
    with pytest.raises(ApiLimited):
        heal(patient, clock)
    assert waited[2:] == [25.0, 25.0]


def test_a_shop_that_cannot_be_asked_is_noted_in_words(healer, shop):
    shop.faults = [Reply(b"{}", 503)] * 9

    heal_if_due(healer, HOUR)

    assert "503" in healer.desk.ledger.heals.last("shopify")["trouble"]


def test_only_those_that_can_be_asked_are(environ):
    with_key = read_deployment(environ)
    without = read_deployment({**environ, "WOOCOMMERCE_API_KEY": ""})

    at_once = {"stripe", "square", "squarespace", "pipedrive", "close"}
    assert set(with_key.heal_keys) == {"shopify", "woocommerce", *at_once}
    assert "WOOCOMMERCE_API_KEY is not set" in without.heal_lacks["woocommerce"]
    assert "does not say how" in with_key.heal_lacks["slack"]

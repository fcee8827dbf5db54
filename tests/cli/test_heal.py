"""Asking a shop for what never came, from the command to the ledger."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.apis.listed_shops import ShopifyAdmin
from tests.apis.platform import KEY
from tests.outbound.api_server import Reply, served_api
from tests.scene import example

ORDER = json.loads(example("shopify/paid_order").body)


@pytest.fixture
def shop():
    """A shop with one order of two hours ago, and one of a minute ago."""
    now = datetime.now(UTC)
    with served_api(ShopifyAdmin) as platform:
        for number, ago in ((1, timedelta(hours=2)), (2, timedelta(minutes=1))):
            at = (now - ago).isoformat(timespec="seconds")
            row = {**ORDER, "id": number, "name": f"#{number}", "updated_at": at, "refunds": []}
            platform.put("orders", {str(number): row})
        yield platform


@pytest.fixture
def environ(environ, shop, tmp_path):
    file = tmp_path / "connections.yaml"
    told = f"{{settings: {{shop: acme.myshopify.com}}, apis: {{acme.myshopify.com: {shop.origin}/}}}}"
    file.write_text(f"connections: {{shopify: {told}}}")
    return {**environ, "SHOPIFY_ACCESS_TOKEN": KEY, "BOOKHOOK_CONNECTIONS": str(file)}


def events(run) -> list[dict]:
    return [json.loads(line) for line in run("events", "--json").stdout.splitlines()]


def test_what_is_missing_is_told_first_then_recorded_once(run):
    told = run("heal", "shopify", "--dry-run")
    before = events(run)
    done = run("heal", "shopify")
    again = run("heal", "shopify")

    assert (told.exit_code, before) == (1, [])
    assert "shopify: orders/paid order:1  is missing" in told.stdout
    assert (done.exit_code, again.exit_code) == (0, 0)
    assert "1 recorded" in done.stdout
    assert "0 recorded, 1 known" in again.stdout
    assert [event["topic"] for event in events(run)] == ["orders/paid"]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            "{}",
            "SHOPIFY_ACCESS_TOKEN is not set, but the connection shopify asks the host of its option shop with it; "
            "set the option shop in the `settings` of the connection shopify: the shop's own address, such as acme.",
        ),
        (
            "{settings: {shop: https://acme}}",
            "its option shop makes no host name in lower case: the shop's own address, such as acme.",
        ),
        (
            "{settings: {shop: acme.myshopify.com}}",
            "SHOPIFY_ACCESS_TOKEN is not set, but the connection shopify asks acme.myshopify.com with it",
        ),
    ],
)
def test_a_shop_that_cannot_be_asked_yet_is_told_what_to_set(run, environ, tmp_path, entry, told):
    (tmp_path / "connections.yaml").write_text(f"connections: {{shopify: {entry}}}")

    done = run("heal", "shopify", "--dry-run", env={**environ, "SHOPIFY_ACCESS_TOKEN": ""})

    assert done.exit_code == 2
    assert told in " ".join(done.stderr.split())


def test_a_shop_that_does_not_let_us_in_is_told_of_without_the_key(run, shop):
    shop.faults = [Reply(b"{}", 401)] * 3

    done = run("heal", "shopify")

    assert done.exit_code == 1
    assert "SHOPIFY_ACCESS_TOKEN" in done.stderr
    assert KEY not in done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nobody",), "There is no connection 'nobody'"),
        (("woocommerce",), "WOOCOMMERCE_API_KEY is not set"),
        (("shopify", "--since", "soon"), "neither a number of days"),
    ],
)
def test_what_cannot_be_asked_is_said_so(run, words, told):
    done = run("heal", *words)

    assert done.exit_code == 2
    assert told in done.stderr

"""Connections with a secret in common are warned of: what is signed for one is genuine at the other's address."""

import pytest

TOLD = "so a webhook of one is genuine at the other's address: give each a secret of its own"


@pytest.fixture
def warnings(run, environ, tmp_path):
    """What `bookhook check` warns of two connections, given their entries and the settings of their secrets."""

    def check(entries, command="check", **secrets):
        (tmp_path / "connections.yaml").write_text(f"connections: {{{entries}}}")
        set_anyway = {name: "" for name in environ if name.endswith(("_WEBHOOK_SECRET", "_SIGNING_SECRET"))}
        file = {"BOOKHOOK_CONNECTIONS": str(tmp_path / "connections.yaml")}
        result = run(*command.split(), env={**environ, **set_anyway, **file, **secrets})
        assert result.exit_code == 0, result.output
        told = result.stdout if command == "check" else result.stderr
        assert not any(secret in result.output for secret in secrets.values() if secret.startswith("hush"))
        return [line for line in told.splitlines() if "address" in line and line.startswith("! /hooks/")]

    return check


SHOPS = "east: {source: shopify, secret: EAST}, west: {source: shopify, secret: WEST}"


def test_two_settings_that_hold_the_same_secret_are_named(warnings):
    [told] = warnings(SHOPS, EAST="hush-now,hush-later", WEST="hush-later")

    assert told.startswith(f"! /hooks/east and /hooks/west: EAST and WEST hold the same secret, {TOLD}")


def test_one_setting_of_two_connections_is_named(warnings):
    [told] = warnings(SHOPS.replace("WEST", "EAST"), EAST="hush-now")

    assert told.startswith(f"! /hooks/east and /hooks/west: EAST is the secret of both, {TOLD}")


def test_a_worker_says_so_at_start(warnings):
    [told] = warnings(SHOPS, "worker --burst", EAST="hush-now", WEST="hush-now")

    assert TOLD in told


@pytest.mark.parametrize(
    "entries",
    [
        SHOPS.replace("west: {source: shopify", "west: {source: woocommerce"),
        SHOPS.replace("shopify", "square").replace("}", ", public_url: https://a.example}"),
        "east: {source: stripe, secret: EAST}, west: {source: stripe, secret: WEST, settings: {mode: test}}",
    ],
    ids=["signed in other ways", "address is signed", "each ignores the other's"],
)
def test_what_is_no_webhook_at_the_other_address_is_not_warned_of(warnings, entries):
    keys = {"SQUARE_ACCESS_TOKEN": "k", "STRIPE_API_KEY": "k"}

    assert warnings(entries, EAST="hush-now", WEST="hush-now", **keys) == []


def test_secrets_of_their_own_are_not_warned_of(warnings):
    assert warnings(SHOPS, EAST="hush-now", WEST="hush-then") == []


def test_an_option_with_the_same_value_tells_nothing_apart(warnings):
    entries = "east: {source: stripe, secret: EAST}, west: {source: stripe, secret: WEST, settings: {mode: live}}"

    assert len(warnings(entries, EAST="hush-now", WEST="hush-now", STRIPE_API_KEY="k")) == 1

import pytest

from config.connection import Connection
from config.connections import read_connections
from config.problems import ConfigError

SOURCES = {"shopify": "SHOPIFY_WEBHOOK_SECRET", "slack": "SLACK_SIGNING_SECRET"}
ORGANIZATION = {"default": "10000001"}


def read(environ, organizations=ORGANIZATION):
    return read_connections(environ, SOURCES, organizations=organizations)


def test_a_source_with_a_secret_is_a_connection_of_its_name():
    assert read({"SHOPIFY_WEBHOOK_SECRET": "s"}) == {
        "shopify": Connection(
            name="shopify",
            source="shopify",
            secrets=("s",),
            organization_id="10000001",
            secret_setting="SHOPIFY_WEBHOOK_SECRET",
        )
    }


def test_several_secrets_are_valid_during_rotation():
    connections = read({"SHOPIFY_WEBHOOK_SECRET": " old , new "})

    assert connections["shopify"].secrets == ("old", "new")


@pytest.mark.parametrize(
    ("text", "secrets"),
    [('{"keys":[{"kty":"RSA"},{"kty":"EC"}]}', 1), ("{old,new", 2), ("{old,new}", 2), ('"old","new"', 2)],
)
def test_a_json_object_is_one_secret(text, secrets):
    connections = read({"SHOPIFY_WEBHOOK_SECRET": text})

    assert connections["shopify"].secrets == (tuple(text.split(",")) if secrets == 2 else (text,))


def test_a_secret_may_be_a_mounted_file(tmp_path):
    (tmp_path / "secret").write_text("old,new\n")
    environ = {"SLACK_SIGNING_SECRET_FILE": str(tmp_path / "secret")}

    assert read(environ)["slack"].secrets == ("old", "new")


def test_a_secret_is_never_shown():
    [connection] = read({"SHOPIFY_WEBHOOK_SECRET": "hunter2"}).values()

    assert "hunter2" not in repr(connection)


def test_all_problems_of_connections_are_reported_at_once():
    environ = {"SHOPIFY_WEBHOOK_SECRET": "hunter2,", "SLACK_SIGNING_SECRET": "s"}

    with pytest.raises(ConfigError) as caught:
        read(environ, organizations={})

    assert caught.value.problems == (
        "SHOPIFY_WEBHOOK_SECRET: one of the comma-separated secrets is empty",
        "ZOHO_ORGANIZATION_ID is not set, but SLACK_SIGNING_SECRET makes a connection that posts there",
    )


def test_the_organization_that_several_connections_lack_is_one_problem():
    with pytest.raises(ConfigError) as caught:
        read({"SHOPIFY_WEBHOOK_SECRET": "a", "SLACK_SIGNING_SECRET": "b"}, organizations={})

    assert caught.value.problems == (
        "ZOHO_ORGANIZATION_ID is not set, "
        "but SHOPIFY_WEBHOOK_SECRET, SLACK_SIGNING_SECRET make connections that post there",
    )


def test_an_unset_source_needs_nothing():
    assert read({}, organizations={}) == {}

"""What a dry run says beside the bodies."""

import json

import pytest
from click.testing import CliRunner

from cli.main import bookhook

OFFLINE = {
    "SHOPIFY_WEBHOOK_SECRET": "s",
    "STANDARD_WEBHOOK_SECRET": "whsec_" + "bmV3" * 8,
    "ZOHO_ORGANIZATION_ID": "1",
    "REDIS_URL": "redis://127.0.0.1:1",
}


@pytest.fixture
def run(environ, tmp_path, monkeypatch):
    """Runs a dry run in an empty folder, without network."""
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str):
        return CliRunner().invoke(bookhook, ["map", *words], env={**dict.fromkeys(environ), **OFFLINE})

    return invoke


def test_what_a_dry_run_cannot_know_is_said_beside_the_bodies(run):
    result = run("standard", "order")

    assert result.exit_code == 0
    [said] = result.stderr.splitlines()
    assert "days in UTC unless ZOHO_TIME_ZONE is set" in said
    assert "exchange rate" in said
    assert json.loads(result.stdout.split("POST /invoices\n")[1])["currency_code"] == "USD"


@pytest.mark.parametrize("words", [("shopify", "test_order"), ("standard", "order_without_identity")])
def test_nothing_is_said_of_bodies_that_would_not_be_sent(run, words):
    assert "cannot know" not in run(*words).output

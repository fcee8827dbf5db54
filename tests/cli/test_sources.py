"""`bookhook sources`: what each sender can do is read off its mapping."""

import shutil

import pytest
from click.testing import CliRunner

from cli.main import bookhook
from cli.workshop.capabilities import TRAITS, capabilities
from mappings import BUILT_IN
from mappings.describing import DEEDS
from tests.scene import SOURCES


@pytest.fixture
def own(tmp_path):
    """A folder of one's own sources, one of which thins out a built-in one."""
    shutil.copytree(BUILT_IN / "standard", tmp_path / "own" / "standard")
    return tmp_path / "own"


@pytest.fixture
def run(own, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(bookhook, ["sources", *words], env={"BOOKHOOK_SOURCES": str(own)})


def change(own, old, new):
    file = own / "standard" / "mapping.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def can(name):
    return {word for word, able in capabilities(SOURCES[name]).items() if able}


def test_each_is_listed_with_what_it_does_and_what_it_needs(run):
    told = run().stdout

    assert "\nshopify: invoice, change, payment, refund, cancelled, tax" in told
    assert "\n  by hmac, SHOPIFY_WEBHOOK_SECRET\n" in told
    assert "  orders/paid, orders/create, orders/updated, orders/cancelled, refunds/create\n" in told
    assert "\n  asks api.stripe.com\n" in told
    assert [line.partition(":")[0] for line in told.splitlines() if not line.startswith(" ")] == sorted(SOURCES)


def test_what_it_can_do_is_what_its_mapping_says():
    assert can("slack") == {"expense", "time signed", "handshake"}
    assert can("standard") == {"invoice", "change", "payment", "refund", "cancelled", "expense", "tax", "time signed"}
    assert "handshake" in can("woocommerce")
    assert set(capabilities(SOURCES["slack"])) == {*DEEDS, *TRAITS}


def test_ones_own_are_read_as_they_are(run, own):
    before = run().stdout
    change(own, "scheme: standard_webhooks", "scheme: path_token")
    change(own, "identify:", 'each_event: "@"\nidentify:')
    change(own, ", multipart/form-data]", "]")
    (own / "standard" / "README.md").write_text("# Our own shop\n")

    after = run().stdout
    assert "\n  by standard_webhooks, " in before
    assert "standard: invoice, change, payment, refund, cancelled, expense, tax, several at once\n" in after
    assert "\n  by path_token (weak), STANDARD_WEBHOOK_SECRET\n" in after
    assert "| [Our own shop](mappings/sources/standard) | path_token (weak) | ✓ |" in run("--table").stdout


def test_what_cannot_be_read_is_named_beside_all_others(run, own):
    change(own, "source: standard", "source: sandard")

    result = run()

    assert result.exit_code == 1
    assert "✗ own/standard/mapping.yaml: source: must be the name of its folder" in result.stderr
    assert "shopify: invoice" in result.stdout


def test_a_page_gets_the_table_of_those_that_come_along_between_its_marks(run, own, tmp_path):
    change(own, "scheme: standard_webhooks", "scheme: path_token")
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- sources: x -->\nold\n<!-- end of sources -->\nafter\n")

    assert run("--into", "page.md").exit_code == 0

    lines = page.read_text().splitlines()
    assert (lines[:2], lines[-2:]) == (["before", "<!-- sources: x -->"], ["<!-- end of sources -->", "after"])
    assert len(lines) == 4 + 2 + len(SOURCES)
    [row] = [line for line in lines if "](mappings/sources/standard)" in line]
    assert "| standard_webhooks |" in row


def test_a_page_without_marks_is_left_alone(run, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing\n")

    result = run("--into", "page.md")

    assert (result.exit_code, page.read_text()) == (2, "nothing\n")
    assert "<!-- end of sources -->" in result.stderr

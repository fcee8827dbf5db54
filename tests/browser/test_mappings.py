"""A mapping is changed: its mistake is found, its totals are right, and what it changes is seen before it goes live."""

from importlib import import_module

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.console.conftest import ORDER, order
from tests.scene import SOURCES

LIVE = (SOURCES["shopify"].folder / "mapping.yaml").read_text()
NUMBER = "reference_number: name"
# Only of one order it makes another number.
CHANGED = "reference_number: name == '#7' && 'seven' || name"


@pytest.fixture
def came(hooks, worker):
    """Two orders and one that failed."""
    ids = [
        hooks.deliver(each).json["event_id"] for each in (ORDER, order(7), order(8, line_items=[], shipping_lines=[]))
    ]
    worker.drain()
    return ids


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_change_is_tried_and_run_over_what_came(open_page, came, scripts):
    page = open_page("operator", scripts=scripts)
    mapping = page.get_by_role("textbox", name="The mapping")

    page.get_by_role("link", name="Mappings").click()
    page.get_by_role("link", name="Shopify", exact=True).click()
    page.get_by_role("link", name="paid order", exact=True).click()
    mapping.fill(LIVE.replace(NUMBER, "refrence_number: name", 1))
    page.get_by_role("button", name="Try").click()
    line = LIVE.splitlines().index(f"      {NUMBER}") + 1
    expect(page.get_by_role("heading", name="The mapping cannot be used").first).to_contain_text(f"line {line}")
    expect(page.get_by_text("did you mean reference_number?").first).to_be_visible()

    mapping.fill(LIVE.replace(NUMBER, CHANGED, 1))
    page.get_by_role("button", name="Try").click()
    expect(page.get_by_role("heading", name="invoice #1001")).to_contain_text("114.38 USD, the sender says 114.38 USD")

    page.get_by_role("button", name="Run over them").click()
    expect(page.get_by_text("3 of 3 events")).to_be_visible()
    expect(page.get_by_role("heading", name="1 event would be otherwise")).to_be_visible()
    row = page.get_by_role("row", name="POST /invoices · reference_number")
    expect(row.locator("del")).to_contain_text("#7 bh-")
    expect(row.locator("ins")).to_contain_text("seven bh-")

    page.get_by_role("link", name="Back to the mapping").click()
    assert CHANGED in mapping.input_value()


def test_a_comparison_goes_on_by_itself(open_page, came, monkeypatch):
    monkeypatch.setattr(import_module("console.pages.comparisons"), "IN_A_PIECE", 1)
    page = open_page("operator")
    page.goto("/mappings/shopify/try")

    page.get_by_role("button", name="Run over them").click()

    expect(page.get_by_text("All of them would come out the same.")).to_be_visible(timeout=30_000)


def test_an_event_that_failed_is_tried_from_its_page(open_page, came):
    page = open_page("operator")
    page.goto(f"/events/{came[2]}")

    page.get_by_role("link", name="Try its mapping…").click()
    page.get_by_role("button", name="Try").click()

    expect(page.get_by_role("heading", name="It would be parked")).to_contain_text("mapping_failed")


def test_what_was_edited_is_downloaded(open_page, came):
    page = open_page("operator")
    page.goto("/mappings/shopify/try")
    page.get_by_role("textbox", name="The mapping").fill("mine: 1\n")

    with page.expect_download() as download:
        page.get_by_role("button", name="Download the mapping").click()

    assert download.value.suggested_filename == "mapping.yaml"
    assert download.value.path().read_text() == "mine: 1\n"


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_pages_of_mappings_are_accessible_and_fit_a_telephone(open_page, came, colors):
    page = open_page("operator", color_scheme=colors, viewport={"width": 360, "height": 740})
    for path in ("/mappings", "/mappings/shopify", f"/mappings/shopify/try?event={came[0]}"):
        page.goto(path)
        assert Axe().run(page).violations_count == 0, Axe().run(page).generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("textbox", name="The mapping").fill(LIVE.replace(NUMBER, CHANGED, 1))
    page.get_by_role("button", name="Try").click()
    expect(page.get_by_role("heading", name="What would be sent to Zoho")).to_be_visible()
    assert Axe().run(page).violations_count == 0, Axe().run(page).generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="Run over them").click()
    expect(page.get_by_role("heading", name="would be otherwise")).to_be_visible()
    assert Axe().run(page).violations_count == 0, Axe().run(page).generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

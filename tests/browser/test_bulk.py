"""Fix once, retry all, in a real browser: an answer, a bulk that is followed and cancelled, days, accessible pages."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.console.conftest import ORDER, order
from worker.bulk import MOST_AT_ONCE, do_pieces

TAX = "State Tax of Nowhere"
with_and_without_scripts = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


def taxed(number):
    lines = json.loads(ORDER.body)["line_items"]
    for line in lines:
        for tax in line["tax_lines"]:
            tax["title"] = TAX
    return order(number, line_items=lines)


@pytest.fixture
def asking(hooks, worker):
    """Three orders with a tax that Zoho does not know."""
    ids = [hooks.deliver(taxed(number)).json["event_id"] for number in range(3)]
    worker.drain()
    return ids


@pytest.fixture
def failed(hooks, worker):
    """More failures of one cause than are done in one piece."""
    ids = [
        hooks.deliver(order(number, line_items=[], shipping_lines=[])).json["event_id"]
        for number in range(MOST_AT_ONCE + 10)
    ]
    worker.drain()
    return ids


@with_and_without_scripts
def test_an_unknown_tax_is_named_once_and_all_orders_are_posted(open_page, asking, worker, sandbox, scripts):
    page = open_page("operator", scripts=scripts)
    page.get_by_role("link", name="3 failed").click()
    page.get_by_label(f"The sender names the tax “{TAX}”").select_option("State Tax")

    page.get_by_role("button", name="Save and retry all 3").click()
    page.get_by_role("heading", name="Retry", exact=True).wait_for()
    while do_pieces(worker.desk):
        pass
    worker.drain()

    expect(page.locator("#bulk")).to_contain_text("3 of 3 events, over", timeout=15_000)
    assert [worker.event(each).state for each in asking] == ["posted"] * 3
    assert len(sandbox.invoices) == 3


@with_and_without_scripts
def test_a_bulk_is_followed_and_cancelled(open_page, failed, worker, scripts):
    page = open_page("operator", scripts=scripts)
    page.goto("/events?state=parked")
    page.get_by_role("link", name="All of these at once…").click()
    expect(page.locator("main")).to_contain_text(f"{MOST_AT_ONCE + 10} events")
    page.get_by_role("button", name="Retry all").click()
    expect(page.locator("#bulk")).to_contain_text(f"0 of {MOST_AT_ONCE + 10} events")

    do_pieces(worker.desk)
    expect(page.locator("#bulk")).to_contain_text(f"{MOST_AT_ONCE} of {MOST_AT_ONCE + 10} events", timeout=15_000)
    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_role("status")).to_contain_text("It is cancelled")
    expect(page.locator("#bulk")).to_contain_text("cancelled by operator")
    assert not do_pieces(worker.desk)
    assert [worker.event(each).state for each in failed].count("parked") == 10


def test_events_of_a_day_are_shown_without_loading_anew(open_page, asking):
    page = open_page("viewer")
    page.goto("/events")
    page.evaluate("window.sameDocument = true")

    page.get_by_label("From (UTC)").fill("2026-05-29")
    expect(page.locator("#found")).to_contain_text("No events.")
    page.get_by_label("From (UTC)").fill("2026-05-28")

    expect(page.locator("#found tbody tr")).to_have_count(3)
    assert page.evaluate("window.sameDocument")


@pytest.mark.parametrize("colors", ["light", "dark"])
def test_pages_of_many_events_are_accessible_and_fit_a_telephone(open_page, asking, ledger, worker, colors):
    question = worker.event(asking[0]).error.question
    ledger.answers.give("stripe", question, name="State Tax", by="ann")
    page = open_page("admin", color_scheme=colors, viewport={"width": 360, "height": 740})
    page.goto("/bulk/new?state=parked")
    page.get_by_role("button", name="Retry all").click()
    followed = page.url

    for path in ("/failures", "/answers", "/bulk", "/bulk/new?state=parked", "/events?state=parked", followed):
        page.goto(path)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path

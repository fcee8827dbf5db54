"""Connecting Zoho as people do it: the console, the consent page of the sandbox, and back."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.test_console import with_and_without_scripts
from tests.connected import connect, without_grant
from tests.two_organizations import order
from worker.pauses import notice_connected

PATHS = ["/zoho", "/zoho/connect", "/zoho/consent", "/zoho/choose", "/zoho/10000001/disconnect"]


@pytest.fixture
def environ(environ):
    return without_grant(environ)


def go_to_zoho(page):
    """From the first screen to the page on which Zoho asks."""
    page.get_by_role("link", name="Zoho", exact=True).click()
    page.get_by_role("link", name="Connect an organization").click()
    page.get_by_label("Client id").fill("console")
    page.get_by_label("Client secret").fill("sandbox-secret")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="Go to Zoho").click()
    expect(page.get_by_role("heading")).to_have_text("console would like to use your books")


@with_and_without_scripts
def test_an_organization_is_connected_and_what_waited_is_posted(open_page, scripts, hooks, worker, sandbox):
    hooks.deliver(order(1))
    page = open_page("admin", scripts=scripts)
    go_to_zoho(page)

    page.get_by_role("button", name="Accept").click()
    page.get_by_role("checkbox", name="Acme Supplies Inc.").check()
    page.get_by_label("Where a connection names no organization").select_option("10000001")
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("status")).to_contain_text("Connected: Acme Supplies Inc. (10000001).")
    notice_connected(worker.desk)
    worker.drain()

    assert [invoice["reference_number"].split()[0] for invoice in sandbox.invoices] == ["#1"]


@with_and_without_scripts
def test_a_no_at_zoho_leads_back_with_what_it_means(open_page, scripts):
    page = open_page("admin", scripts=scripts)
    go_to_zoho(page)

    page.get_by_role("button", name="Reject").click()

    expect(page.get_by_role("alert")).to_contain_text("Access was not granted at Zoho.")
    assert page.url.endswith("/zoho")


@with_and_without_scripts
def test_an_organization_is_disconnected_after_saying_what_that_does(open_page, scripts, redis, services):
    connect(redis)
    page = open_page("admin", scripts=scripts)

    page.get_by_role("link", name="Zoho", exact=True).click()
    page.get_by_role("link", name="Disconnect").click()
    expect(page.get_by_role("main")).to_contain_text("Its events wait from now on")
    page.get_by_role("button", name="Disconnect 10000001").click()

    expect(page.get_by_role("status")).to_contain_text("Zoho has forgotten the grant.")
    assert services.grants.all().grants == {}


@pytest.mark.parametrize("colors", ["light", "dark"])
@pytest.mark.parametrize(
    "path", ["/zoho", "/zoho/connect", "/zoho/consent", "/zoho/choose", "/zoho/10000001/disconnect"]
)
def test_its_pages_are_accessible_and_fit_a_telephone(open_page, redis, path, colors):
    page = open_page("admin", color_scheme=colors, viewport={"width": 360, "height": 740})
    if path == "/zoho/choose":
        go_to_zoho(page)
        page.get_by_role("button", name="Accept").click()
    else:
        connect(redis)
        if path == "/zoho/consent":
            page.goto("/zoho/connect?organization=10000001")
            page.get_by_role("button", name="Go on").click()
        else:
            page.goto(path)
    assert page.url.partition("?")[0].endswith(path)

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

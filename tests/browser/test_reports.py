"""Reports in a real browser: read, filtered, a reminder sent, accessible."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.bookkeeper import Bookkeeper

PATHS = ["/reports", "/reports/overdue", "/reports/cash", "/reports/expenses"]


@pytest.fixture
def books(sandbox):
    """Two customers who owe, one of them in euros; a payment and an expense."""
    bookkeeper = Bookkeeper(sandbox)
    ann, eva = bookkeeper.customer("Ann"), bookkeeper.customer("Eva", currency="EUR")
    bookkeeper.invoice(ann, 120, date="2026-04-02")
    bookkeeper.invoice(eva, 100, due="2026-02-20", exchange_rate=1.085)
    bookkeeper.payment(ann, 30, date="2026-05-02")
    bookkeeper.expense("Office Supplies", 45)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_overdue_invoice_is_found_and_its_customer_reminded(open_page, books, sandbox, scripts):
    page = open_page("operator", scripts=scripts)

    page.get_by_role("link", name="Reports").click()
    page.get_by_role("link", name="of it overdue").click()
    page.get_by_label("Customer").fill("eva")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row", name="Eva")).to_contain_text("108.50")
    page.get_by_role("button", name="Remind of INV-000002").click()

    expect(page.get_by_role("status")).to_have_text("Zoho has sent a reminder of INV-000002.")
    expect(page.get_by_label("Customer")).to_have_value("eva")
    assert [each["invoice_number"] for each in sandbox.emails] == ["INV-000002"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("colors", ["light", "dark"])
def test_reports_are_accessible_and_fit_a_telephone(open_page, books, path, colors):
    page = open_page("admin", color_scheme=colors, viewport={"width": 360, "height": 740})
    page.goto(path)

    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_chart_shows_what_the_table_says(open_page, books):
    page = open_page("viewer")
    page.goto("/reports/cash")

    expect(page.get_by_role("img", name="invoiced and collected")).to_be_visible()
    heights = [int(bar.get_attribute("height")) for bar in page.locator("rect.invoiced").all()]
    assert [height > 0 for height in heights] == [False, False, True, False, True, False]
    expect(page.get_by_role("row", name="April 2026")).to_contain_text("120.00")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_page_follows_while_its_report_is_read_and_shows_it_at_the_end(open_page, books, redis, scripts):
    right = "bh:report:10000001:receivables:reading"
    redis.set(right, "another console")
    page = open_page("viewer", scripts=scripts)

    page.get_by_role("link", name="Reports").click()
    expect(page.get_by_role("status")).to_contain_text("Zoho is being read, 0 rows so far.")
    redis.set("bh:report:10000001:receivables:progress", '{"rows": 1400, "waits": false}')
    expect(page.get_by_role("status")).to_contain_text("1,400 rows so far.", timeout=10_000)
    redis.delete(right)

    expect(page.get_by_text("Who owes most")).to_be_visible(timeout=10_000)

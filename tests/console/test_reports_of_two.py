"""Reports of two organizations in two data centres: each shows its own, and the switch leads from one to the other."""

import pytest

from tests.bookkeeper import Bookkeeper
from tests.two_organizations import AMERICA, EUROPE, settings_of_both

PATHS = ["/reports", "/reports/overdue", "/reports/cash", "/reports/expenses"]


@pytest.fixture
def environ(environ, europe, tmp_path):
    return settings_of_both(environ, europe, tmp_path)


@pytest.fixture
def owed(sandbox):
    """What the American organization is owed."""
    bookkeeper = Bookkeeper(sandbox)
    return bookkeeper.invoice(bookkeeper.customer("Ann"), 10)


def report(browser, organization):
    return browser.get("/reports.json", query_string={"organization": organization}).json


def test_each_organization_shows_what_its_own_books_say(browse, owed, europe):
    viewer = browse("viewer")

    america, other = report(viewer, AMERICA), report(viewer, EUROPE)

    assert (america["currency"], america["report"]["outstanding"]) == ("USD", "10.00")
    assert (other["currency"], other["report"]["outstanding"]) == ("EUR", "0")
    assert list(america["organizations"]) == list(other["organizations"]) == [AMERICA, EUROPE]
    assert viewer.get("/reports.json").json["organization"] == AMERICA


@pytest.mark.parametrize("path", PATHS)
def test_the_switch_offers_both_and_every_link_stays_with_the_one_that_is_shown(browse, owed, path):
    page = browse("viewer").get(path, query_string={"organization": EUROPE}).text

    assert f'<option value="{AMERICA}">' in page
    assert f'<option value="{EUROPE}" selected>' in page
    for other in PATHS:
        assert f'href="{other}?organization={EUROPE}"' in page
    assert f'name="organization" value="{EUROPE}"' in page


def test_refreshing_and_failing_are_each_organizations_own(browse, owed, sandbox, europe):
    viewer = browse("viewer")
    report(viewer, AMERICA), report(viewer, EUROPE)
    europe.fault(on="GET /invoices", do="answer_500", times=9)

    viewer.post("/reports/receivables/refresh", {"organization": EUROPE})

    assert report(viewer, EUROPE)["trouble"]
    assert report(viewer, AMERICA)["trouble"] is None
    assert sandbox.calls["GET /invoices"] == 3


def test_an_invoice_of_the_other_organization_is_not_reminded_of(browse, owed, sandbox, europe):
    operator = browse("operator")
    operator.get("/reports/overdue")
    operator.get("/reports/overdue", query_string={"organization": EUROPE})

    form = {"organization": EUROPE, "click": "c" * 20}
    answer = operator.send(f"/reports/overdue/{owed}/remind", form, token=operator.token)

    assert answer.status_code == 404
    assert (sandbox.emails, europe.emails) == ([], [])

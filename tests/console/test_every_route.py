"""Every route of the console, asked by everybody: a new one is open to nobody before it stands here."""

import pytest

from tests.console.conftest import URL

OPEN = {"/login", "/login/back", "/login/elsewhere", "/healthz", "/static/<path:filename>"}
VIEWED = {
    *("/", "/answers", "/approvals", "/bulk", "/bulk/<bulk_id>", "/events", "/events/<event_id>", "/failures"),
    *("/mappings", "/mappings/<name>", "/me", "/metrics", "/reconciled", "/zoho"),
    *("/reports", "/reports/cash", "/reports/expenses", "/reports/overdue", "/reports/reading/<NAME>"),
}
EXAMINED = {"/events/<event_id>/receipt", "/events/<event_id>/receipt/file"}
DECIDED = {"/approvals/<event_id>"}
ADMINISTERED = {"/people", "/people/<name>/remove", "/audit"}
OWN = {"/logout", "/me/password", "/reports/<NAME>/refresh"}
"""What everybody who is logged in may change."""
NAMES = "any(receivables, cash, expenses):name"
VALUES = {"<name>": "shopify", "<comparison_id>": "0" * 16, "<organization_id>": "1", "<NAME>": "cash"}


def who_may(rule: str, method: str) -> set[str]:
    if rule in DECIDED:
        return {"approver", "admin"}
    if rule in ADMINISTERED or (rule.startswith("/zoho") and rule != "/zoho"):
        return {"admin"}
    if rule in OWN or (method == "GET" and rule in VIEWED):
        return {"viewer", "approver", "operator", "admin"}
    return {"approver", "operator", "admin"} if rule in EXAMINED else {"operator", "admin"}


def routes(app) -> list[tuple[str, str, str]]:
    """Method, rule without the ending of a twin, and an address of it."""
    found = []
    for each in app.url_map.iter_rules():
        rule = each.rule.replace(NAMES, "NAME")
        path = rule
        for place in each.arguments:
            path = path.replace(f"<{place}>", VALUES.get(f"<{place}>", "x"))
        plain = rule.removesuffix(".json").removesuffix(".csv").replace("/index", "/")
        found += [(method, plain, path.replace("<NAME>", "cash")) for method in each.methods & {"GET", "POST"}]
    return [each for each in found if each[1] not in OPEN and each[1] != "/logout"]


def ask(browser, method: str, path: str, **form: str) -> int:
    return browser.client.open(path, method=method, base_url=URL, data=form if method == "POST" else None).status_code


@pytest.mark.parametrize("role", ["viewer", "approver", "operator", "admin"])
def test_a_role_is_let_through_where_it_may_and_nowhere_else(browse, role):
    browser = browse(role)
    token = browser.token
    every = routes(browser.client.application)

    let_in = {each for each in every if ask(browser, *each[::2], csrf_token=token) != 403}

    assert len(every) > 60
    assert let_in == {each for each in every if role in who_may(each[1], each[0])}


def test_nobody_is_let_in_without_logging_in(new_browser):
    stranger = new_browser()

    for method, _, path in routes(stranger.client.application):
        assert ask(stranger, method, path, csrf_token="guessed") in ({401} if method == "POST" else {303, 401}), path


def test_every_change_wants_the_token_of_this_session_from_this_site(browse):
    admin, viewer = browse("admin"), browse("viewer")
    token = viewer.token
    for method, _, path in routes(admin.client.application):
        if method == "POST":
            assert ask(admin, method, path) == 403, path
            assert ask(admin, method, path, csrf_token=token) == 403, path

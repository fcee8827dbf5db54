"""Who sees what, and which requests are turned away."""

import pytest

from cli.console import open_services
from cli.ledgers import ledger_of
from config.redis_client import connect_redis
from console.app import create_console
from console.sessions import IDLE_SECONDS, LONGEST_SECONDS, MOST_FAILURES_OF_A_NAME, MOST_FAILURES_OF_AN_ADDRESS
from tests.console.conftest import PASSWORD, URL, Browser

PAGES = ("/", "/events", "/failures", "/answers", "/bulk", "/approvals", "/me", "/people", "/audit")
ADMINS_ONLY = {"/people", "/audit"}
CHANGES = (
    *(f"/events/x/{deed}" for deed in ("retry", "end", "accept", "undo")),
    *("/failures/answer", "/failures/names", "/answers/x", "/bulk", "/bulk/x/cancel", "/approvals/x"),
)


@pytest.mark.parametrize("page", PAGES)
def test_nobody_sees_a_page_without_logging_in_and_then_comes_to_it(new_browser, page):
    browser = new_browser()

    turned_away = browser.get(page)
    in_json = browser.get("/index.json" if page == "/" else f"{page}.json")
    logged_in = browser.send("/login", {"name": "admin", "password": "correct-horse-battery", "next": page}, token=None)

    assert (turned_away.status_code, turned_away.location) == (303, f"/login?next={page}")
    assert in_json.status_code == 401
    assert logged_in.location == page
    assert browser.get(page).status_code == 200


@pytest.mark.parametrize("role", ["viewer", "approver", "operator"])
def test_a_role_sees_what_it_may_and_nothing_else(browse, role):
    seen = {page for page in PAGES if browse(role).get(page).status_code == 200}

    assert seen == set(PAGES) - ADMINS_ONLY


@pytest.mark.parametrize("path", CHANGES)
def test_a_viewer_changes_nothing(browse, path):
    browser = browse("viewer")

    assert browser.send(path, token=browser.token).status_code == 403


def test_an_operator_does_not_decide_about_money_nor_an_approver_about_events(browse):
    operator, approver = browse("operator"), browse("approver")

    assert operator.send("/approvals/x", {"verdict": "approve"}, token=operator.token).status_code == 403
    assert approver.send("/events/x/retry", token=approver.token).status_code == 403


def test_a_form_without_the_sessions_token_or_of_another_site_is_refused(browse, services):
    browser = browse("admin")
    foreign = browser.client.post(
        "/people", data={"csrf_token": browser.token}, base_url=URL, headers={"Origin": "https://evil.example.com"}
    )

    assert browser.send("/people", token=None).status_code == 403
    assert browser.send("/people", token="guessed").status_code == 403
    assert foreign.status_code == 403
    assert len(services.people.all()) == 4


def test_a_page_asked_for_by_another_name_of_this_machine_is_not_answered(new_browser):
    answer = new_browser().client.get("/", base_url="https://rebound.example.net")

    assert answer.status_code == 421


def test_pages_let_no_foreign_code_in_and_no_cache_keep_them(browse):
    headers = browse("viewer").get("/").headers

    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert (headers["Cache-Control"], headers["X-Frame-Options"]) == ("no-store", "DENY")


def test_the_session_is_a_cookie_that_only_this_site_sends_and_no_script_reads(new_browser):
    cookie = new_browser().log_in("admin").headers["Set-Cookie"]

    assert cookie.startswith("__Host-bookhook=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}


@pytest.mark.parametrize(("name", "password"), [("admin", "wrong"), ("nobody", "correct-horse-battery"), ("", "")])
def test_a_wrong_login_says_no_more_than_that(new_browser, name, password):
    answer = new_browser().log_in(name, password)

    assert answer.status_code == 401
    assert "do not belong together" in answer.text


def test_what_was_typed_for_a_name_that_is_none_is_kept_nowhere(new_browser, browse, redis, caplog):
    new_browser().log_in("my-password-by-mistake", "wrong")
    new_browser().log_in("viewer", "wrong")

    deeds = browse("admin").get("/audit.json").json["deeds"]
    assert [deed["name"] for deed in deeds if deed["action"] == "login_failed"] == ["viewer", "somebody unknown"]
    assert "my-password-by-mistake" not in caplog.text


def test_whoever_guesses_has_to_wait_and_others_do_not(new_browser, services):
    browser = new_browser()
    for _ in range(MOST_FAILURES_OF_A_NAME):
        assert browser.log_in("admin", "wrong").status_code == 401

    assert browser.log_in("admin").status_code == 429
    assert browser.log_in("viewer").status_code == 303


@pytest.mark.parametrize("target", ["//evil.example.com", "https://evil.example.com", "\\\\evil.example.com", "evil"])
def test_a_login_leads_nowhere_else(new_browser, target):
    form = {"name": "admin", "password": "correct-horse-battery", "next": target}

    assert new_browser().send("/login", form, token=None).location == "/"


def test_a_session_that_was_ended_lets_nobody_in_again(browse, services):
    browser = browse("viewer")
    kept = browser.client.get_cookie("__Host-bookhook", domain="console.example.com").value
    browser.post("/logout")

    browser.client.set_cookie("__Host-bookhook", kept, domain="console.example.com")
    assert browser.get("/").status_code == 303
    assert [(deed.name, deed.action) for deed in services.audit.newest(1)] == [("viewer", "logged_out")]


def test_a_session_ends_when_it_is_not_used_or_a_week_old(browse, services, redis, clock):
    browser = browse("viewer")
    [key] = redis.keys("bh:session:*")
    assert IDLE_SECONDS - 60 < redis.ttl(key) <= IDLE_SECONDS

    clock.advance(LONGEST_SECONDS + 1)
    assert browser.get("/").status_code == 303


def test_whoever_is_removed_is_out_at_once(browse):
    viewer, admin = browse("viewer"), browse("admin")

    admin.post("/people/viewer/remove")

    assert viewer.get("/").status_code == 303


def test_a_page_that_follows_events_loads_itself_anew_when_its_session_has_ended(new_browser):
    answer = new_browser().get("/", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Refresh"]) == (401, "true")


def test_the_password_is_nowhere_in_redis(services, redis):
    kept = redis.hgetall("bh:person:admin")

    assert b"correct-horse-battery" not in b"".join(kept.values())


def test_without_redis_a_page_says_so(deployment):
    nowhere = ledger_of(deployment, connect_redis("unix:///nowhere/redis.sock"))
    app = create_console(open_services(deployment, nowhere, report=[].append), url=URL)

    answer = Browser(app.test_client()).log_in("viewer")

    assert answer.status_code == 503
    assert "Redis cannot be reached" in answer.text


def test_without_a_provider_there_is_no_other_way_in(new_browser):
    browser = new_browser()

    assert "Log in with" not in browser.get("/login").text
    assert browser.get("/login/elsewhere").status_code == 404
    assert browser.get("/login/back").status_code == 404


@pytest.mark.parametrize(("proxies", "status"), [(0, 429), (1, 303)])
def test_behind_its_proxies_only_the_address_that_guesses_has_to_wait(services, proxies, status):
    client = create_console(services, url=URL, proxies=proxies).test_client()

    def log_in(name: str, password: str, forwarded_for: str) -> int:
        headers = {"Origin": URL, "X-Forwarded-For": forwarded_for}
        form = {"name": name, "password": password}
        return client.post("/login", data=form, base_url=URL, headers=headers).status_code

    for number in range(MOST_FAILURES_OF_AN_ADDRESS):
        # Whatever the stranger puts there, the proxy adds from where it was asked.
        assert log_in(f"guess-{number}", "wrong", f"10.0.0.{number}, 198.51.100.9") == 401

    assert log_in("guess", "wrong", "10.1.1.1, 198.51.100.9") == 429
    assert log_in("admin", PASSWORD, "203.0.113.7") == status

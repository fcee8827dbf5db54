"""Connecting Zoho in the console: the whole way, and everything that may go wrong on it."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
import responses

from config.sealing import Seal
from console.consents import SECONDS
from tests.connected import GRANT, KEY, connect, without_grant
from tests.consenting import consent
from tests.console.conftest import URL
from tests.two_organizations import order
from worker.pauses import notice_connected
from zoho.connecting import SCOPES
from zoho.grants import Grants

AMERICA, EUROPE = "10000001", "10000002"
FORM = {"data_center": "us", "client_id": "console", "client_secret": "sandbox-secret"}


@pytest.fixture
def environ(environ):
    return without_grant(environ)


def begin(admin, **changes) -> str:
    """The address at Zoho to which somebody is sent who fills in the form."""
    admin.post("/zoho/connect", {**FORM, **changes})
    return admin.get("/zoho/consent.json").json["url"]


def come_back(admin, location: str):
    """The page that Zoho's answer leads to."""
    assert location.startswith(f"{URL}/zoho/callback?")
    answer = admin.get(location.removeprefix(URL))
    return admin.get(answer.location)


def with_query(location: str, **changes: str) -> str:
    """The answer's address with other words in it; None takes one out."""
    told = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()} | changes
    query = urlencode({name: text for name, text in told.items() if text is not None})
    return f"{location.partition('?')[0]}?{query}"


def connected(redis) -> dict[str, object]:
    return dict(Grants(redis, Seal([KEY])).all().grants)


def whole_way(admin, *organizations: str, default: str = "", **changes: str) -> str:
    come_back(admin, consent(begin(admin, **changes)))
    return admin.post("/zoho/choose", {"organization": list(organizations), "default": default}).text


def test_an_organization_is_connected_and_what_waited_is_posted(browse, hooks, worker, redis, sandbox):
    hooks.deliver(order(1))
    admin = browse("admin")

    page = whole_way(admin, AMERICA, default=AMERICA)
    notice_connected(worker.desk)
    worker.drain()

    assert "(10000001). What waits goes on." in page
    assert [invoice["organization_id"] for invoice in sandbox.invoices] == [AMERICA]
    [grant] = connected(redis).values()
    assert (grant.organization_id, grant.connected_by, grant.data_center) == (AMERICA, "admin", "us")
    assert set(grant.scopes) == set(SCOPES)


def test_several_organizations_are_connected_by_one_consent(browse, redis):
    whole_way(browse("admin"), AMERICA, EUROPE)

    assert sorted(connected(redis)) == [AMERICA, EUROPE]
    assert [grant.currency_code for grant in connected(redis).values()] == ["USD", "EUR"]


def test_only_what_was_ticked_and_granted_is_connected(browse, redis):
    page = whole_way(browse("admin"), "99999999")

    assert "Tick at least one organization." in page
    assert connected(redis) == {}


def test_what_is_asked_of_zoho_is_the_least_that_is_needed(browse):
    asked = parse_qs(urlsplit(begin(browse("admin"))).query)

    assert asked["scope"] == [",".join(SCOPES)]
    assert (asked["access_type"], asked["prompt"], asked["response_type"]) == (["offline"], ["consent"], ["code"])
    assert asked["redirect_uri"] == [f"{URL}/zoho/callback"]


def test_scopes_of_undo_are_asked_for_by_whoever_wants_them(browse, redis):
    admin = browse("admin")
    whole_way(admin, AMERICA, undo="on")
    whole_way(admin, EUROPE)

    told = {each["id"]: each["may_undo"] for each in admin.get("/zoho.json").json["organizations"]}
    assert told == {AMERICA: True, EUROPE: False}


def test_the_page_shows_what_to_copy_and_why_each_scope_is_needed(browse):
    page = browse("admin").get("/zoho/connect").text

    for words in (f"{URL}/zoho/callback", "https://api-console.zoho.eu", "Server-based Application", *SCOPES):
        assert words in page


def test_a_no_at_zoho_is_told_in_words_and_changes_nothing(browse, redis):
    admin = browse("admin")

    page = come_back(admin, consent(begin(admin), "reject")).text

    assert "Access was not granted at Zoho." in page
    assert connected(redis) == {}


@pytest.mark.parametrize("state", ["forged", "", None])
def test_an_answer_without_our_state_is_refused_and_its_code_goes_nowhere(browse, sandbox, redis, state):
    admin = browse("admin")

    page = come_back(admin, with_query(consent(begin(admin)), state=state)).text

    assert "nothing that was begun in this session" in page
    assert "POST /oauth/v2/token" not in sandbox.calls


def test_an_answer_is_taken_once(browse, sandbox, redis):
    admin = browse("admin")
    location = consent(begin(admin))
    come_back(admin, location)

    page = come_back(admin, location).text

    assert "it was taken already" in page
    assert sandbox.calls["POST /oauth/v2/token"] == 1


def test_an_answer_of_another_sessions_consent_is_refused(browse, sandbox, redis):
    location = consent(begin(browse("admin")))
    victim = browse("admin")
    begin(victim)

    page = come_back(victim, location).text

    assert "nothing that was begun in this session" in page
    assert "POST /oauth/v2/token" not in sandbox.calls


def test_whoever_is_not_logged_in_takes_no_code_along(new_browser, browse):
    location = consent(begin(browse("admin")))

    answer = new_browser().get(location.removeprefix(URL))

    assert answer.status_code == 303
    assert "code" not in answer.location


@pytest.mark.parametrize(
    "server", ["https://evil.example.com", "https://accounts.zoho.eu.evil.com", "http://127.0.0.1:9"]
)
def test_a_code_is_never_sent_to_an_accounts_server_that_is_not_zohos(browse, sandbox, redis, server):
    admin = browse("admin")

    page = come_back(admin, with_query(consent(begin(admin)), **{"accounts-server": server})).text

    assert "none of Zoho&#39;s data centres" in page
    assert "POST /oauth/v2/token" not in sandbox.calls
    assert connected(redis) == {}


def test_a_code_that_was_used_is_told_in_words(browse, sandbox):
    admin = browse("admin")
    location = consent(begin(admin))
    code = parse_qs(urlsplit(location).query)["code"][0]
    grant = {"grant_type": "authorization_code", "client_id": "console", "client_secret": "sandbox-secret"}
    requests.post(f"{sandbox.url}/oauth/v2/token", data={**grant, "code": code}, timeout=5)

    page = come_back(admin, location).text

    assert "Zoho refuses: invalid_code. The code that Zoho sent is not good any more" in page


def test_a_wrong_secret_is_told_in_words(browse):
    admin = browse("admin")

    page = come_back(admin, consent(begin(admin, client_secret="another"))).text

    assert "invalid_client_secret" in page
    assert "each data centre has a secret of its own" in page


def test_a_code_of_another_redirect_address_is_told_with_what_to_copy(browse):
    admin = browse("admin")
    url = begin(admin)
    location = consent(url, redirect_uri=f"{URL}/another")

    page = come_back(admin, location.replace("/another?", "/zoho/callback?")).text

    assert "invalid_redirect_uri" in page
    assert "Authorized Redirect URIs" in page


def test_trouble_of_zoho_is_told_and_nothing_half_done(browse, sandbox, redis):
    admin = browse("admin")
    location = consent(begin(admin))
    sandbox.fault(on="GET /organizations", times=1, do="answer_500")

    page = come_back(admin, location).text

    assert "Zoho failed to answer" in page
    assert connected(redis) == {}


def test_what_zoho_did_not_grant_is_named_and_so_is_what_to_do(browse, redis):
    admin = browse("admin")
    fewer = [scope for scope in SCOPES if scope != "ZohoBooks.expenses.CREATE"]
    choose = come_back(admin, consent(begin(admin), scope=",".join(fewer))).text
    admin.post("/zoho/choose", {"organization": AMERICA})

    assert "Zoho granted less than was asked for" in choose
    assert admin.get("/zoho.json").json["organizations"][0]["scopes_missing"] == ["ZohoBooks.expenses.CREATE"]
    assert "Not permitted: ZohoBooks.expenses.CREATE" in admin.get("/zoho").text


def test_client_and_secret_may_come_from_the_kept_grant_when_connecting_again(browse, redis):
    admin = browse("admin")
    whole_way(admin, AMERICA)
    first = connected(redis)[AMERICA]

    whole_way(admin, AMERICA, client_id="", client_secret="", organization=AMERICA)

    again = connected(redis)[AMERICA]
    assert again.client_id == first.client_id == "console"
    assert again.refresh_token != first.refresh_token


def test_without_client_and_secret_nobody_is_sent_to_zoho(browse):
    page = browse("admin").post("/zoho/connect", {**FORM, "client_secret": ""}).text

    assert "Client id and client secret are needed." in page


@pytest.mark.parametrize("form", [{"organization": "<b>7"}, {"organization": "7" * 21}, {"data_center": "moon"}])
def test_a_form_that_no_page_shows_is_refused(browse, form):
    admin = browse("admin")

    assert admin.send("/zoho/connect", {**FORM, **form}, token=admin.token).status_code == 400
    assert admin.get("/zoho/consent.json").status_code == 303


def test_disconnecting_has_zoho_forget_the_grant(browse, redis, sandbox):
    admin = browse("admin")
    whole_way(admin, AMERICA)
    token = connected(redis)[AMERICA].refresh_token
    asked = admin.get(f"/zoho/{AMERICA}/disconnect").text

    page = admin.post(f"/zoho/{AMERICA}/disconnect").text

    assert "Zoho forgets the grant" in asked
    assert "is disconnected. Zoho has forgotten the grant." in page
    assert connected(redis) == {}
    grant = {"grant_type": "refresh_token", "client_id": "console", "client_secret": "sandbox-secret"}
    answer = requests.post(f"{sandbox.url}/oauth/v2/token", data={**grant, "refresh_token": token}, timeout=5)
    assert answer.json() == {"error": "invalid_code"}


def test_a_grant_that_another_organization_uses_is_not_taken_from_it(browse, redis):
    admin = browse("admin")
    whole_way(admin, AMERICA, EUROPE)

    page = admin.post(f"/zoho/{AMERICA}/disconnect").text

    assert f"it is also that of {EUROPE}" in page
    assert sorted(connected(redis)) == [EUROPE]


def test_disconnecting_while_zoho_is_away_says_that_the_grant_stands_there(browse, redis, sandbox):
    admin = browse("admin")
    whole_way(admin, AMERICA)
    sandbox.fault(on="POST /oauth/v2/token/revoke", times=5, do="reset")

    page = admin.post(f"/zoho/{AMERICA}/disconnect").text

    assert "There the grant stands" in page
    assert connected(redis) == {}


def test_a_changed_key_is_told_and_connecting_again_mends_it(browse, redis):
    connect(redis, key=KEY[::-1])
    admin = browse("admin")

    assert "cannot be read, since BOOKHOOK_SECRET_KEY is another now" in admin.get("/zoho").text
    whole_way(admin, AMERICA)

    assert connected(redis)[AMERICA].is_readable


def test_the_default_is_named_by_an_admin(browse, redis):
    admin = browse("admin")
    whole_way(admin, AMERICA, EUROPE)
    assert "Make it the default" in admin.get("/zoho").text

    admin.post(f"/zoho/{EUROPE}/default")

    assert [each["is_default"] for each in admin.get("/zoho.json").json["organizations"]] == [True, False]
    assert admin.get("/zoho.json").json["organizations"][0]["id"] == EUROPE


@pytest.mark.parametrize("role", ["viewer", "approver", "operator"])
def test_others_than_admins_see_and_change_nothing(browse, redis, role):
    connect(redis)
    somebody = browse(role)

    assert "Sandbox Inc." in somebody.get("/zoho").text
    assert "Disconnect" not in somebody.get("/zoho").text
    for path in ("/zoho/connect", "/zoho/consent", "/zoho/choose", "/zoho/callback", f"/zoho/{AMERICA}/disconnect"):
        assert somebody.get(path).status_code == 403
    for path in ("/zoho/connect", "/zoho/choose", f"/zoho/{AMERICA}/disconnect", f"/zoho/{AMERICA}/default"):
        assert somebody.send(path, FORM, token=somebody.token).status_code == 403
    assert connected(redis) == {AMERICA: GRANT}


def test_what_is_on_its_way_ends_after_ten_minutes(browse, redis):
    begin(browse("admin"))

    [key] = redis.scan_iter("bh:consent:*")
    assert 0 < redis.ttl(key) <= SECONDS


def test_every_step_is_in_the_audit_log(browse, redis):
    admin = browse("admin")
    whole_way(admin, AMERICA, default=AMERICA)
    admin.post(f"/zoho/{AMERICA}/disconnect")

    deeds = [deed["action"] for deed in admin.get("/audit.json").json["deeds"]]
    assert [deed for deed in reversed(deeds) if deed.startswith("zoho")] == [
        "zoho_connecting",
        "zoho_connected",
        "zoho_default",
        "zoho_disconnected",
    ]


def test_no_secret_is_in_redis_in_the_pages_or_in_the_log(browse, redis, logged):
    admin = browse("admin")
    location = consent(begin(admin, client_id="the-id-of-the-client"))
    come_back(admin, location)
    pages = [admin.get(f"/zoho/choose{kind}").text for kind in ("", ".json")]
    waiting = redis_dump(redis)
    admin.post("/zoho/choose", {"organization": AMERICA})
    pages += [admin.get(path).text for path in ("/zoho", "/zoho.json", "/zoho/connect", "/audit", "/people")]
    [grant] = connected(redis).values()

    said = logged()
    assert "console_action" in said
    secrets = [grant.refresh_token, grant.client_secret, parse_qs(urlsplit(location).query)["code"][0]]
    for secret in secrets:
        assert all(secret not in page for page in pages)
        assert secret.encode() not in waiting + redis_dump(redis)
        assert secret not in said


def redis_dump(redis) -> bytes:
    """Everything Redis holds, as it holds it, without what compresses it away."""
    read = {b"string": redis.get, b"hash": redis.hgetall, b"set": redis.smembers}
    read |= {b"list": lambda key: redis.lrange(key, 0, -1), b"stream": redis.xrange}
    read[b"zset"] = lambda key: redis.zrange(key, 0, -1)
    return repr({key: read[redis.type(key)](key) for key in redis.scan_iter()}).encode()


@pytest.mark.parametrize("path", ["/", "/events", "/failures", "/approvals", "/mappings", "/zoho", "/metrics"])
def test_pages_are_there_before_anything_is_connected(browse, hooks, path):
    hooks.deliver(order(1))

    assert browse("admin").get(path).status_code == 200


def test_reports_say_why_there_are_none_yet(browse):
    answer = browse("viewer").get("/reports")

    assert answer.status_code == 404
    assert "No organization is connected to Zoho yet" in answer.text


def test_an_event_that_waits_for_an_organization_says_so_and_so_does_the_first_screen(browse, hooks, worker, redis):
    event_id = hooks.deliver(order(1)).json["event_id"]
    viewer = browse("viewer")

    before = [viewer.get(f"/events/{event_id}.json").json["next"]["action"], viewer.get("/index.json").json]
    connect(redis)
    notice_connected(worker.desk)
    worker.drain()
    after = [viewer.get(f"/events/{event_id}.json").json["next"]["action"], viewer.get("/index.json").json]

    assert [before[0], before[1]["not_connected"]] == ["connect", ["default"]]
    assert [after[0], after[1]["not_connected"]] == [None, []]


class TestZohosOwnDataCentres:
    """Without overrides; what Zoho answers is played here."""

    @pytest.fixture
    def environ(self, environ):
        return {name: text for name, text in environ.items() if name not in ("ZOHO_ACCOUNTS_URL", "ZOHO_API_URL")}

    @pytest.fixture
    def zoho(self):
        with responses.RequestsMock(assert_all_requests_are_fired=False) as zoho:
            yield zoho

    @pytest.fixture
    def answer(self, browse):
        """An admin, and where Zoho sends them back with a code, saying that they live in Europe."""
        admin = browse("admin")
        state = parse_qs(urlsplit(begin(admin)).query)["state"][0]
        told = {"code": "a-code", "location": "eu", "accounts-server": "https://accounts.zoho.eu", "state": state}
        return admin, f"{URL}/zoho/callback?{urlencode(told)}"

    def test_a_user_who_lives_elsewhere_is_connected_there(self, answer, zoho, redis):
        admin, location = answer
        zoho.post("https://accounts.zoho.eu/oauth/v2/token", json={"access_token": "a", "refresh_token": "r"})
        rows = [{"organization_id": "7", "name": "Kontor", "currency_code": "EUR", "plan_name": "PREMIUM"}]
        zoho.get("https://www.zohoapis.eu/books/v3/organizations", json={"code": 0, "organizations": rows})

        choose = come_back(admin, location).text
        admin.post("/zoho/choose", {"organization": "7", "default": "7"})

        assert "in data centre eu" in choose
        [grant] = connected(redis).values()
        assert (grant.data_center, grant.plan, grant.scopes) == ("eu", "premium", tuple(SCOPES))

    def test_a_user_without_organizations_is_told_in_words(self, answer, zoho, redis):
        admin, location = answer
        zoho.post("https://accounts.zoho.eu/oauth/v2/token", json={"access_token": "a", "refresh_token": "r"})
        zoho.get("https://www.zohoapis.eu/books/v3/organizations", json={"code": 0, "organizations": []})

        assert "belongs to no organization of Zoho Books" in come_back(admin, location).text

    @pytest.mark.parametrize(
        ("told", "words"),
        [
            ({"error": "invalid_client"}, "see there, in the client&#39;s settings, that the data centre is enabled"),
            ({"access_token": "a"}, "Zoho gave no refresh token"),
            ({"error": "Access Denied"}, "wait as long, then connect again"),
            ({"error": "something_new"}, "Zoho refuses: something_new"),
        ],
    )
    def test_what_zoho_refuses_is_told_with_what_to_do(self, answer, zoho, told, words):
        admin, location = answer
        zoho.post("https://accounts.zoho.eu/oauth/v2/token", json=told)

        assert words in come_back(admin, location).text


class TestWithoutAKey:
    @pytest.fixture
    def environ(self, environ):
        settings = {"ZOHO_CLIENT_ID": "test", "ZOHO_CLIENT_SECRET": "sandbox-secret"}
        settings |= {"ZOHO_REFRESH_TOKEN": "sandbox-refresh", "ZOHO_ORGANIZATION_ID": AMERICA}
        return {name: text for name, text in environ.items() if name != "BOOKHOOK_SECRET_KEY"} | settings

    def test_the_page_shows_what_the_settings_connect_and_what_to_set(self, browse, redis):
        admin = browse("admin")

        page = admin.get("/zoho").text

        assert "BOOKHOOK_SECRET_KEY is not set" in page
        assert "openssl rand -hex 32" in page
        assert admin.get("/zoho.json").json["organizations"][0]["connected_in"] == "settings"
        assert "BOOKHOOK_SECRET_KEY is not set" in admin.post("/zoho/connect", FORM).text


def test_a_pause_is_told_until_its_time_is_over_and_it_is_tried_again(browse, ledger):
    whole_way(browse("admin"), AMERICA, default=AMERICA)
    ledger.dispatch.pause(AMERICA, reason="The grant was withdrawn.", seconds=60)
    paused = browse("viewer").get("/zoho").text

    ledger.dispatch.try_again(AMERICA)

    assert "The grant was withdrawn." in paused
    assert "The grant was withdrawn." not in browse("viewer").get("/zoho").text

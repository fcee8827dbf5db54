"""Logging in by an OpenID provider: who is let in, and every way in which somebody is not."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests

from console.sessions import MOST_FAILURES_OF_AN_ADDRESS
from tests.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIdProvider, make_key, serve_provider

KEY, OTHER_KEY = make_key(), make_key()


@pytest.fixture
def provider(clock) -> Iterator[OpenIdProvider]:
    with serve_provider(now=clock, key=KEY) as provider:
        yield provider


@pytest.fixture
def environ(environ, provider):
    return {**environ, **provider.settings}


@pytest.fixture
def mara(services):
    services.people.keep(
        "mara", role="operator", password="correct-horse-battery", names=("U0MARA", "Mara@Example.com")
    )


def go(browser, path="/login/elsewhere"):
    """What the browser is sent back with, once the person has said yes at the provider."""
    there = browser.get(path)
    assert there.status_code == 303, there.text
    return urlsplit(requests.get(there.location, allow_redirects=False, timeout=5).headers["Location"])


def come_back(browser, back):
    return browser.get(f"{back.path}?{back.query}")


def log_in(browser, path="/login/elsewhere"):
    return come_back(browser, go(browser, path))


def is_logged_in(browser) -> bool:
    return browser.get("/me").status_code == 200


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
@pytest.mark.parametrize("methods", [["client_secret_basic"], ["client_secret_post"], None])
def test_somebody_whose_address_is_verified_is_let_in_as_themselves(
    new_browser, provider, mara, services, algorithm, methods
):
    provider.told = {"token_endpoint_auth_methods_supported": methods} if methods else {}
    provider.algorithm, provider.key = algorithm, make_key(algorithm) if algorithm == "ES256" else KEY
    provider.publish()
    browser = new_browser()
    assert f"Log in with {urlsplit(provider.issuer).netloc}" in browser.get("/login").text

    entered = log_in(browser, "/login/elsewhere?next=/events")

    assert (entered.status_code, entered.location) == (303, "/events")
    assert "mara" in browser.get("/me").text
    [deed] = [each for each in services.audit.newest(9) if each.action == "logged_in"]
    assert (deed.name, deed.detail) == ("mara", f"by {urlsplit(provider.issuer).netloc}")
    assert browser.client.get_cookie("__Host-bookhook-errand", domain="console.example.com") is None


WRONG = {
    "for another application": {"aud": "another"},
    "for several, authorized for another": {"aud": [CLIENT_ID, "another"], "azp": "another"},
    "of another provider": {"iss": "https://accounts.example.com"},
    "too late": {"exp": 1_780_000_000 - 61},
    "too early": {"nbf": 1_780_000_000 + 3600},
    "of another errand": {"nonce": "another"},
    "without an errand": {"nonce": None},
    "without an address": {"email": None},
    "not verified": {"email_verified": False},
    "not known to be verified": {"email_verified": None},
    "verified in words": {"email_verified": "true"},
    "never ending": {"exp": None},
    "at no time": {"exp": float("nan")},
    "before no time": {"nbf": float("nan")},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_a_token_that_says_anything_else_lets_nobody_in(new_browser, provider, mara, services, claims):
    provider.claims = claims
    browser = new_browser()

    answer = log_in(browser)

    assert answer.status_code == 401
    assert not is_logged_in(browser)
    assert "login_failed" in [deed.action for deed in services.audit.newest(1)]


def sign_with_another_key(provider):
    provider.key = OTHER_KEY


def sign_with_a_key_that_is_not_told(provider):
    provider.key, provider.kid = OTHER_KEY, "second"


def sign_with_nothing(provider):
    provider.algorithm, provider.key = "none", None


def sign_with_the_secret(provider):
    provider.algorithm, provider.key = "HS256", CLIENT_SECRET.ljust(32)


def sign_with_a_weaker_digest(provider):
    provider.algorithm = "RS512"


def say_no_algorithm_but_a_list(provider):
    provider.headers = {"alg": ["RS256"]}


@pytest.mark.parametrize(
    "sign",
    [
        sign_with_another_key,
        sign_with_a_key_that_is_not_told,
        sign_with_nothing,
        sign_with_the_secret,
        sign_with_a_weaker_digest,
        say_no_algorithm_but_a_list,
    ],
)
def test_a_token_that_is_not_signed_by_the_provider_lets_nobody_in(new_browser, provider, mara, sign):
    sign(provider)
    browser = new_browser()

    assert log_in(browser).status_code == 401
    assert not is_logged_in(browser)


def test_a_new_key_of_the_provider_is_looked_for(new_browser, provider, mara):
    assert log_in(new_browser()).status_code == 303
    provider.key, provider.kid = OTHER_KEY, "second"
    provider.publish()

    assert log_in(new_browser()).status_code == 303


def test_what_another_browser_began_is_not_finished_here(new_browser, provider, mara):
    theirs, ours = new_browser(), new_browser()
    back = go(theirs)

    assert come_back(ours, back).status_code == 401
    ours.get("/login/elsewhere")
    assert come_back(ours, back).status_code == 401
    assert not is_logged_in(ours)


def test_a_code_is_used_once(new_browser, provider, mara):
    browser = new_browser()
    back = go(browser)
    cookie = browser.client.get_cookie("__Host-bookhook-errand", domain="console.example.com")
    assert come_back(browser, back).status_code == 303
    other = new_browser()
    other.client.set_cookie("__Host-bookhook-errand", cookie.value, domain="console.example.com", secure=True)

    assert come_back(other, back).status_code == 502
    assert not is_logged_in(other)


@pytest.mark.parametrize("cookie", ["", "x", "bnVsbA==", "W10=", "e30=", "A" * 4000])
def test_a_cookie_that_is_none_of_ours_leads_nowhere(new_browser, provider, mara, cookie):
    browser = new_browser()
    back = go(browser)
    browser.client.set_cookie("__Host-bookhook-errand", cookie, domain="console.example.com", secure=True)

    assert come_back(browser, back).status_code == 401


def test_whoever_comes_back_with_nothing_again_and_again_has_to_wait(new_browser, provider, mara, services):
    stranger = new_browser()
    assert log_in(new_browser()).status_code == 303
    answers = [stranger.get("/login/back?state=s&code=c").status_code for _ in range(MOST_FAILURES_OF_AN_ADDRESS + 1)]

    assert answers == [401] * MOST_FAILURES_OF_AN_ADDRESS + [429]
    failed = [deed for deed in services.audit.newest(100) if deed.action == "login_failed"]
    assert len(failed) == MOST_FAILURES_OF_AN_ADDRESS
    assert log_in(new_browser()).status_code == 429
    assert new_browser().log_in("mara").status_code == 303


def test_who_says_no_there_is_told_so_here(new_browser, provider, mara):
    browser = new_browser()
    state = dict(part.split("=") for part in go(browser).query.split("&"))["state"]

    answer = browser.get(f"/login/back?error=access_denied&state={state}")

    assert (answer.status_code, "did not let you in" in answer.text) == (401, True)


def test_nobody_is_made_a_person_by_logging_in(new_browser, provider, services):
    before = services.people.all()
    browser = new_browser()

    answer = log_in(browser)

    assert (answer.status_code, "ask an admin" in answer.text) == (403, True)
    assert services.people.all() == before


def test_an_address_that_two_people_have_lets_in_neither(new_browser, provider, mara, services):
    services.people.keep("other", role="admin", password="correct-horse-battery", names=("mara@example.com",))

    assert log_in(new_browser()).status_code == 403


def test_an_address_that_only_looks_alike_is_another(new_browser, provider, services):
    services.people.keep("kate", role="admin", password="correct-horse-battery", names=("kate@example.com",))
    provider.person["email"] = "\N{KELVIN SIGN}ate@example.com"

    assert log_in(new_browser()).status_code == 403


@pytest.mark.parametrize("next_", ["https://evil.example", "//evil.example", "/\\evil.example", "/" + "e" * 5000])
def test_the_way_back_leads_nowhere_else(new_browser, provider, mara, next_):
    assert log_in(new_browser(), f"/login/elsewhere?next={next_}").location == "/"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"issuer": "https://accounts.example.com"}, "names itself otherwise"),
        ({"token_endpoint": "http://169.254.169.254/token"}, "no https:// address"),
        ({"jwks_uri": None}, "no https:// address"),
        ({"token_endpoint": "https://a b/token"}, "no https:// address"),
        ({"jwks_uri": "https://accounts.example.com:99999/"}, "no https:// address"),
        ({"jwks_uri": "https://xn--\u0130/"}, "no https:// address"),
    ],
)
def test_a_provider_that_is_not_what_was_set_is_said_so(new_browser, provider, mara, told, words):
    provider.told = told

    answer = new_browser().get("/login/elsewhere")

    assert (answer.status_code, words in answer.text) == (502, True)


def test_an_endpoint_writes_no_header_of_ours(new_browser, provider, mara):
    provider.told = {"authorization_endpoint": "https://accounts.example.com/\r\nSet-Cookie: evil=1"}

    assert new_browser().get("/login/elsewhere").location.startswith("https://accounts.example.com/%0D%0ASet-Cookie:")


@pytest.mark.parametrize("methods", [None, 5, {}])
def test_methods_that_are_no_list_are_the_usual_one(new_browser, provider, mara, methods):
    provider.told = {"token_endpoint_auth_methods_supported": methods}

    assert log_in(new_browser()).status_code == 303


def test_keys_are_not_fetched_from_a_private_network(new_browser, provider, mara):
    provider.told = {"jwks_uri": "https://169.254.169.254/keys"}

    answer = log_in(new_browser())

    assert (answer.status_code, "not on the public internet" in answer.text) == (502, True)


def test_the_password_still_opens_when_the_provider_is_away(new_browser, provider, mara, monkeypatch):
    monkeypatch.setattr("outbound.openid.get", _away)
    browser = new_browser()

    assert browser.get("/login/elsewhere").status_code == 502
    assert browser.log_in("mara").status_code == 303


def _away(*_: object, **__: object) -> None:
    raise ConnectionRefusedError

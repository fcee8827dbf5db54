"""The way of a grant: somebody consents, the client gets a code, the code becomes tokens for what was consented to."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

AUTH, TOKEN = "/oauth/v2/auth", "/oauth/v2/token"
BACK = "https://console.example.com/zoho/callback"
ASKED = {
    "response_type": "code",
    "client_id": "console",
    "scope": "ZohoBooks.settings.READ,ZohoBooks.contacts.READ",
    "redirect_uri": BACK,
    "access_type": "offline",
    "state": "a-state",
}


def answer(client: FlaskClient, word: str, **changes: str) -> dict[str, str]:
    """What the client is told when somebody accepts or rejects."""
    location = client.post(AUTH, data={**ASKED, **changes, "answer": word}).location
    assert location.startswith(f"{BACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def exchange(client: FlaskClient, code: str, **changes: str) -> Any:
    client_of_it = {"client_id": "console", "client_secret": "sandbox-secret", "redirect_uri": BACK}
    form = {"grant_type": "authorization_code", "code": code, **client_of_it, **changes}
    return client.post(TOKEN, data={name: text for name, text in form.items() if text}).json


def refresh(client: FlaskClient, token: str) -> Any:
    grant = {"grant_type": "refresh_token", "client_id": "console", "client_secret": "sandbox-secret"}
    return client.post(TOKEN, data={**grant, "refresh_token": token}).json


def call(client: FlaskClient, token: str, method: str, path: str) -> int:
    headers = {"Authorization": f"Zoho-oauthtoken {token}"}
    url = f"/books/v3{path}?organization_id=10000001"
    return client.open(url, method=method, headers=headers, json={} if method == "POST" else None).status_code


def test_the_page_says_who_asks_for_what_of_which_organizations(client: FlaskClient) -> None:
    page = client.get(AUTH, query_string=ASKED).text

    for words in ("console would like", "ZohoBooks.contacts.READ", "10000001", "10000002", "Accept", "Reject"):
        assert words in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"client_id": ""}, "Invalid Client"),
        ({"response_type": "token"}, "Invalid Response Type"),
        ({"redirect_uri": "console"}, "Invalid Redirect Uri"),
        ({"scope": "ZohoBooks.everything"}, "Scope does not exist"),
    ],
)
def test_what_the_address_lacks_is_said_and_nobody_sent_back(
    client: FlaskClient, change: dict[str, str], words: str
) -> None:
    asked, answered = client.get(AUTH, query_string=ASKED | change), client.post(AUTH, data=ASKED | change)

    assert (asked.status_code, answered.status_code) == (400, 400)
    assert words in asked.text


def test_a_yes_leads_back_with_a_code_the_state_and_the_accounts_server(client: FlaskClient) -> None:
    told = answer(client, "accept")

    assert told.pop("code")
    assert told == {"state": "a-state", "location": "us", "accounts-server": "http://localhost"}


def test_a_no_leads_back_without_a_code(client: FlaskClient) -> None:
    assert answer(client, "reject") == {"state": "a-state", "error": "access_denied"}


def test_a_code_becomes_tokens_for_its_scopes_alone(client: FlaskClient) -> None:
    tokens = exchange(client, answer(client, "accept")["code"])

    assert tokens["scope"] == "ZohoBooks.contacts.READ ZohoBooks.settings.READ"
    for token in (tokens["access_token"], refresh(client, tokens["refresh_token"])["access_token"]):
        assert call(client, token, "GET", "/contacts") == 200
        assert call(client, token, "GET", "/items") == 200
        assert call(client, token, "POST", "/contacts") == 401
        assert call(client, token, "GET", "/invoices") == 401


def test_a_code_is_good_once(client: FlaskClient) -> None:
    code = answer(client, "accept")["code"]
    exchange(client, code)

    assert exchange(client, code) == {"error": "invalid_code"}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"redirect_uri": "https://elsewhere.example.com/"}, "invalid_redirect_uri"),
        ({"redirect_uri": ""}, "invalid_redirect_uri"),
        ({"client_id": "another"}, "invalid_code"),
        ({"client_secret": "guessed"}, "invalid_client_secret"),
    ],
)
def test_a_code_is_good_for_its_client_and_address_alone(
    client: FlaskClient, change: dict[str, str], error: str
) -> None:
    assert exchange(client, answer(client, "accept")["code"], **change) == {"error": error}


def test_a_code_lives_a_minute(client: FlaskClient, clock: Any) -> None:
    in_time, late = answer(client, "accept")["code"], answer(client, "accept")["code"]

    clock.advance(60)
    assert "access_token" in exchange(client, in_time)
    clock.advance(1)

    assert exchange(client, late) == {"error": "invalid_code"}


def test_only_offline_access_comes_with_a_refresh_token(client: FlaskClient) -> None:
    tokens = exchange(client, answer(client, "accept", access_type="online")["code"])

    assert "access_token" in tokens
    assert "refresh_token" not in tokens


def test_the_twenty_first_refresh_token_of_a_client_kills_its_oldest(client: FlaskClient, control: Any) -> None:
    control("limits", {"token_requests": None})
    tokens = [exchange(client, answer(client, "accept")["code"])["refresh_token"] for _ in range(21)]

    assert refresh(client, tokens[0]) == {"error": "invalid_code"}
    assert "access_token" in refresh(client, tokens[1])
    assert "access_token" in refresh(client, "sandbox-refresh")


def test_revoking_a_refresh_token_ends_its_access_tokens_and_no_others(client: FlaskClient) -> None:
    first, second = (exchange(client, answer(client, "accept")["code"]) for _ in range(2))

    assert client.post(f"{TOKEN}/revoke", data={"token": first["refresh_token"]}).json == {"status": "success"}

    assert refresh(client, first["refresh_token"]) == {"error": "invalid_code"}
    assert call(client, first["access_token"], "GET", "/contacts") == 401
    assert call(client, second["access_token"], "GET", "/contacts") == 200

from typing import Any

import pytest
from flask.testing import FlaskClient

TOKEN = "/oauth/v2/token"
GRANT = {
    "grant_type": "refresh_token",
    "client_id": "any",
    "client_secret": "sandbox-secret",
    "refresh_token": "sandbox-refresh",
}


def test_the_refresh_token_gives_an_access_token_but_no_new_refresh_token(client: FlaskClient) -> None:
    answer = client.post(TOKEN, data=GRANT).json

    assert answer.pop("access_token").startswith("1000.")
    assert answer == {"api_domain": "http://localhost", "token_type": "Bearer", "expires_in": 3600}


def test_parameters_may_come_in_the_query(client: FlaskClient) -> None:
    assert "access_token" in client.post(TOKEN, query_string=GRANT).json


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": ""}, "invalid_client"),
        ({"client_secret": "guessed"}, "invalid_client_secret"),
        ({"refresh_token": "guessed"}, "invalid_code"),
        ({"grant_type": "password"}, "general_error"),
    ],
)
def test_errors_come_with_http_200(client: FlaskClient, change: dict[str, str], error: str) -> None:
    response = client.post(TOKEN, data=GRANT | change)

    assert (response.status_code, response.json) == (200, {"error": error})


def test_the_eleventh_token_request_in_ten_minutes_is_denied(client: FlaskClient, clock: Any) -> None:
    for _ in range(10):
        assert client.post(TOKEN, data=GRANT).status_code == 200

    denied = client.post(TOKEN, data=GRANT)
    clock.advance(600)

    assert denied.status_code == 400
    assert denied.json["error"] == "Access Denied"
    assert "too many requests" in denied.json["error_description"]
    assert "access_token" in client.post(TOKEN, data=GRANT).json


def test_the_eleventh_live_token_kills_the_oldest(client: FlaskClient, zoho: Any, control: Any) -> None:
    control("limits", {"token_requests": None})
    for _ in range(9):
        client.post(TOKEN, data=GRANT)
    assert zoho.call("GET", "/items").status_code == 200

    client.post(TOKEN, data=GRANT)

    assert zoho.call("GET", "/items").status_code == 401


def test_an_access_token_lives_an_hour(zoho: Any, clock: Any) -> None:
    clock.advance(3599)
    assert zoho.call("GET", "/items").status_code == 200

    clock.advance(1)

    assert zoho.call("GET", "/items").status_code == 401


def test_a_revoked_grant_gives_no_more_tokens(client: FlaskClient, zoho: Any) -> None:
    revoked = client.post(f"{TOKEN}/revoke", query_string={"token": "sandbox-refresh"})

    assert revoked.json == {"status": "success"}
    assert zoho.call("GET", "/items").status_code == 401
    assert client.post(TOKEN, data=GRANT).json == {"error": "invalid_code"}


def test_an_unknown_token_cannot_be_revoked(client: FlaskClient) -> None:
    assert client.post(f"{TOKEN}/revoke", data={"token": "guessed"}).status_code == 400

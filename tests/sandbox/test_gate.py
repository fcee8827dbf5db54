from typing import Any

import pytest
from flask.testing import FlaskClient

UNAUTHORIZED = {"code": 57, "message": "You are not authorized to perform this operation"}


@pytest.mark.parametrize("header", [None, "Bearer {token}", "Zoho-oauthtoken guessed", "Zoho-oauthtoken"])
def test_a_call_without_a_live_token_is_unauthorized(client: FlaskClient, zoho: Any, header: str | None) -> None:
    headers = {"Authorization": header.format(token=zoho.token)} if header else {}

    response = client.get("/books/v3/contacts?organization_id=10000001", headers=headers)

    assert (response.status_code, response.json) == (401, UNAUTHORIZED)


@pytest.mark.parametrize("organization_id", ["", "99999999"])
def test_a_foreign_or_missing_organization_is_refused(zoho: Any, organization_id: str) -> None:
    response = zoho.call("GET", "/contacts", query={"organization_id": organization_id})

    assert (response.status_code, response.json["code"]) == (400, 6041)
    assert response.json["message"].endswith(f"CompanyID/CompanyName:{organization_id}.")


def test_organizations_are_listed_without_naming_one(client: FlaskClient, zoho: Any) -> None:
    headers = {"Authorization": f"Zoho-oauthtoken {zoho.token}"}

    rows = client.get("/books/v3/organizations", headers=headers).json["organizations"]

    assert [(row["organization_id"], row["currency_code"], row["time_zone"]) for row in rows] == [
        ("10000001", "USD", "America/New_York"),
        ("10000002", "EUR", "Europe/Berlin"),
    ]


def test_one_organization_is_shown(zoho: Any) -> None:
    assert zoho.get("/organizations/10000002")["organization"]["currency_code"] == "EUR"
    assert zoho.call("GET", "/organizations/10000009").status_code == 404


def test_an_unknown_address_is_code_5(zoho: Any) -> None:
    response = zoho.call("GET", "/bills")

    assert (response.status_code, response.json) == (404, {"code": 5, "message": "Invalid URL Passed"})


def test_a_wrong_method_is_405(zoho: Any) -> None:
    assert zoho.call("PATCH", "/invoices").status_code == 405


@pytest.mark.parametrize("body", [b"{", b"[]", b"NaN", b"", b'{"contact_name": NaN}', b"[" * 100_000])
def test_a_body_that_is_not_a_json_object_is_refused(zoho: Any, body: bytes) -> None:
    response = zoho.call("POST", "/contacts", data=body, content_type="application/json")

    assert (response.status_code, response.json) == (
        400,
        {"code": 4, "message": "Invalid value passed for JSONString"},
    )


def test_a_form_is_not_a_json_body(zoho: Any) -> None:
    assert zoho.call("POST", "/contacts", data={"contact_name": "Ann"}).json["code"] == 4


def test_calls_are_counted_by_route(zoho: Any, control: Any) -> None:
    contact_id = zoho.contact()
    zoho.get(f"/contacts/{contact_id}")
    zoho.get("/contacts/1")

    assert control("records")["calls"] == {
        "POST /oauth/v2/token": 1,
        "POST /contacts": 1,
        "GET /contacts/:id": 2,
    }

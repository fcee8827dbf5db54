"""A sandbox in process with a clock that only tests move, and one behind a real socket."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import sandbox
from tests.serving import serving

NOON_IN_NEW_YORK = 1_795_194_000.0  # 2026-11-20T12:00:00-05:00
GRANT = {
    "grant_type": "refresh_token",
    "client_id": "any",
    "client_secret": "sandbox-secret",
    "refresh_token": "sandbox-refresh",
}


class Clock:
    """Unix seconds that stand still until `advance`."""

    def __init__(self) -> None:
        self.now = NOON_IN_NEW_YORK

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Zoho:
    """Calls the Books API of one organization with a valid token; paths are relative to /books/v3."""

    def __init__(self, client: FlaskClient, organization_id: str) -> None:
        self._client = client
        self._organization_id = organization_id
        self.renew()

    def renew(self) -> None:
        self.token = self._client.post("/oauth/v2/token", data=GRANT).json["access_token"]

    def call(self, method: str, path: str, *, query: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        return self._client.open(
            f"/books/v3{path}",
            method=method,
            query_string={"organization_id": self._organization_id, **(query or {})},
            headers={"Authorization": f"Zoho-oauthtoken {self.token}"},
            **kwargs,
        )

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, query=query).json

    def post(self, path: str, body: Any = None, **query: Any) -> TestResponse:
        return self.call("POST", path, query=query, json=body)

    def put(self, path: str, body: Any) -> TestResponse:
        return self.call("PUT", path, json=body)

    def id_of(self, path: str, resource: str, key: str, name: str) -> str:
        """The id of the settings record whose `<key>_name` or `<key>_code` is `name`."""
        rows = self.get(path, per_page=200)[resource]
        return str(next(row[f"{key}_id"] for row in rows if name in (row.get(f"{key}_name"), row.get(f"{key}_code"))))

    def tax(self, name: str) -> str:
        return self.id_of("/settings/taxes", "taxes", "tax", name)

    def account(self, name: str) -> str:
        return self.id_of("/chartofaccounts", "chartofaccounts", "account", name)

    def currency(self, code: str) -> str:
        return self.id_of("/settings/currencies", "currencies", "currency", code)

    def contact(self, name: str = "Ann Smith", **fields: Any) -> str:
        response = self.post("/contacts", {"contact_name": name, **fields})
        assert response.status_code == 201, response.text
        return str(response.json["contact"]["contact_id"])

    def invoice(self, customer_id: str, *lines: dict[str, Any], **fields: Any) -> TestResponse:
        line_items = list(lines) or [{"name": "Shirt", "rate": 10, "quantity": 1}]
        return self.post("/invoices", {"customer_id": customer_id, "line_items": line_items, **fields})

    def billed(self, customer_id: str, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """The created invoice, amounts as `Decimal`."""
        response = self.invoice(customer_id, *lines, **fields)
        assert response.status_code == 201, response.text
        return dict(response.json["invoice"])

    def sent(self, customer_id: str, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """The created invoice, marked as sent."""
        invoice = self.billed(customer_id, *lines, **fields)
        assert self.post(f"/invoices/{invoice['invoice_id']}/status/sent").status_code == 200
        return invoice

    def pay(self, customer_id: str, amount: float, *invoices: tuple[str, float], **fields: Any) -> TestResponse:
        """A payment; each of `invoices` is an id and what is applied to it."""
        applied = [{"invoice_id": invoice_id, "amount_applied": part} for invoice_id, part in invoices]
        body = {"customer_id": customer_id, "payment_mode": "cash", "amount": amount, "date": "2026-11-20"}
        return self.post("/customerpayments", {**body, "invoices": applied, **fields})

    def credit(self, customer_id: str, *lines: dict[str, Any], **fields: Any) -> TestResponse:
        line_items = list(lines) or [{"name": "Shirt", "rate": 10, "quantity": 1}]
        body = {"customer_id": customer_id, "date": "2026-11-20", "line_items": line_items}
        return self.post("/creditnotes", {**body, **fields})

    def credited(self, customer_id: str, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """The created credit note."""
        response = self.credit(customer_id, *lines, **fields)
        assert response.status_code == 201, response.text
        return dict(response.json["creditnote"])

    def expense(self, **fields: Any) -> TestResponse:
        body = {
            "date": "2026-11-20",
            "amount": 42.5,
            "account_id": self.account("Meals and Entertainment"),
            "paid_through_account_id": self.account("Employee Reimbursements"),
            **fields,
        }
        return self.post("/expenses", body)


class Served:
    """A sandbox on a real port, with one kept-alive session and a valid token."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.session = requests.Session()
        self.token = self.session.post(f"{base}/oauth/v2/token", data=GRANT, timeout=5).json()["access_token"]

    def call(
        self, method: str, path: str, *, timeout: float = 10, headers: dict[str, str] | None = None, **kwargs: Any
    ) -> requests.Response:
        """One call on a connection of its own, as another process would make it."""
        return requests.request(
            method,
            f"{self.base}/books/v3{path}",
            params={"organization_id": "10000001"},
            headers={"Authorization": f"Zoho-oauthtoken {self.token}", **(headers or {})},
            timeout=timeout,
            **kwargs,
        )

    def control(self, path: str, body: Any = None) -> Any:
        return self.session.post(f"{self.base}/_sandbox/{path}", json=body, timeout=5).json()

    def records(self) -> Any:
        return self.session.get(f"{self.base}/_sandbox/records", timeout=5).json()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(clock: Clock) -> Flask:
    app = sandbox.create_app(clock=clock)
    app.testing = True
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def zoho(client: FlaskClient) -> Zoho:
    """The organization in US dollars."""
    return Zoho(client, "10000001")


@pytest.fixture
def zoho_eu(client: FlaskClient) -> Zoho:
    """The organization in euros."""
    return Zoho(client, "10000002")


@pytest.fixture
def control(client: FlaskClient) -> Callable[..., Any]:
    """POST to a control route, or GET it without a body; returns the parsed answer."""

    def call(path: str, body: Any = None) -> Any:
        url = f"/_sandbox/{path}"
        return (client.get(url) if body is None else client.post(url, json=body)).json

    return call


@pytest.fixture
def served() -> Iterator[Served]:
    server = sandbox.make_server("127.0.0.1", 0)
    with serving(server):
        caller = Served(f"http://127.0.0.1:{server.server_port}")
        yield caller
        caller.session.close()

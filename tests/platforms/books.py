"""The sandbox in this process: its lists as names, its totals as the referee. Nothing of it is Bookhook's own code."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import simplejson
from flask.testing import FlaskClient
from redis import Redis

from config.options import ConnectionOptions, InvoiceOptions, TaxOptions
from drafts import InvoiceDraft, RefundDraft
from sandbox.app import create_app
from tests.platforms.shop import DECIMALS
from zoho.lookups import Lookups
from zoho.planning import Plan, plan_credit_note, plan_invoice
from zoho.protocol import freeze

ORGANIZATION = "10000001"
KEPT = 500
"""Invoices kept at a time; the rest is deleted, so that the sandbox stays quick."""

ACCOUNTS = {"gift_card": "Gift Card Liability", "tip": "Tips", "duty": "Duties"}
OPTIONS = {
    mode: ConnectionOptions(
        taxes=TaxOptions(mode=mode, account="Sales Tax Payable"), invoices=InvoiceOptions(accounts=ACCOUNTS)
    )
    for mode in ("zoho", "amounts", "none")
}


@dataclass
class Books:
    """One organization of a sandbox of its own."""

    http: FlaskClient
    redis: Redis
    token: str = ""
    customers: dict[str, str] = field(default_factory=dict)
    posted: int = 0

    @property
    def organization(self) -> SimpleNamespace:
        return SimpleNamespace(organization_id=ORGANIZATION, time_zone=None)

    def rows(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list, as `zoho.client.Client.rows` gives them."""
        told = self.call("GET", path, **params, per_page=200)
        [rows] = [each for each in told.values() if isinstance(each, list)]
        yield from rows

    def call(self, method: str, path: str, body: str | None = None, **params: Any) -> dict[str, Any]:
        answer = self.http.open(
            f"/books/v3{path}",
            method=method,
            query_string={"organization_id": ORGANIZATION, **params},
            headers={"Authorization": f"Zoho-oauthtoken {self.token}"},
            data=body,
            content_type="application/json",
        )
        told: dict[str, Any] = simplejson.loads(answer.get_data(as_text=True), use_decimal=True)
        assert told["code"] == 0, told
        return told

    def names(self) -> Lookups:
        """The organization's names, read from its lists."""
        return Lookups(self, redis=self.redis)  # type: ignore[arg-type]  # of a client they use no more than rows

    def post_invoice(self, draft: InvoiceDraft, plan: Plan) -> dict[str, Any]:
        return self._post("invoice", "invoices", draft, dict(plan.fields))

    def post_credit_note(self, draft: RefundDraft, plan: Plan) -> dict[str, Any]:
        head = {"date": draft.date.isoformat(), **self.names().currency(draft.currency_code)}
        return self._post("creditnote", "creditnotes", draft, {**head, **plan.fields})

    def _post(self, name: str, path: str, draft: InvoiceDraft | RefundDraft, fields: dict[str, Any]) -> dict[str, Any]:
        body = freeze({"customer_id": self.customers[draft.currency_code], **fields})
        record: dict[str, Any] = self.call("POST", f"/{path}", body)[name]
        self.posted += 1
        if self.posted % KEPT == 0:
            self._forget(path)
        return record

    def _forget(self, path: str) -> None:
        self.http.post("/_sandbox/reset", json={})
        self.open()

    def open(self) -> None:
        """Takes a token, lifts the limits, makes one customer for each currency."""
        calls = {"per_minute": 10**6, "per_day": 10**6, "concurrent": 100}
        assert self.http.post("/_sandbox/limits", json=calls).status_code < 300
        grant = {"grant_type": "refresh_token", "client_id": "test", "client_secret": "sandbox-secret"}
        grant["refresh_token"] = "sandbox-refresh"
        self.token = self.http.post("/oauth/v2/token", data=grant).get_json()["access_token"]
        currencies = {row["currency_code"]: row["currency_id"] for row in self.rows("/settings/currencies")}
        for code in DECIMALS:
            body = freeze({"contact_name": f"Buyer {code}", "currency_id": currencies[code]})
            self.customers[code] = self.call("POST", "/contacts", body)["contact"]["contact_id"]


def open_books(redis: Redis) -> Books:
    """The books of a new sandbox."""
    books = Books(create_app().test_client(), redis)
    books.open()
    return books


@dataclass
class Bookkeeper:
    """Plans drafts with the names of some books and posts them there; counts those that needed cents."""

    books: Books
    lookups: Lookups
    rounded: int = 0

    def post_invoice(self, draft: InvoiceDraft, mode: str) -> Decimal:
        """The total in the books. Raises what parks a draft."""
        plan = plan_invoice(draft, self.lookups, OPTIONS[mode])
        self.rounded += plan.adjustment != draft.adjustment
        total = Decimal(self.books.post_invoice(draft, plan)["total"])
        assert total == plan.totals.total, "the model and the sandbox compute differently"
        return total

    def post_credit_note(self, draft: RefundDraft, mode: str) -> Decimal:
        """The total of a refund by lines in the books. Raises what parks a draft."""
        plan = plan_credit_note(draft, self.lookups, OPTIONS[mode])
        total = Decimal(self.books.post_credit_note(draft, plan)["total"])
        assert total == plan.totals.total, "the model and the sandbox compute differently"
        return total

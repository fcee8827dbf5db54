"""What tests see of Bookhook: the door, a worker, the sandbox, the examples; all through their front doors."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from cli.examples import find_example, sign
from ingest.schemes import SCHEMES
from ledger import DocumentRecord, Event
from mappings import BUILT_IN, Example, Source, load_sources
from worker.desk import Desk
from worker.dispatch import dispatch
from worker.jobs import sit_down_at
from worker.thread_worker import ThreadWorker
from worker.work import work

SOURCES = load_sources(BUILT_IN)


class Clock:
    """A clock that stands still until it is moved; called like time.time."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Sandbox:
    """The sandbox as a test sees it: over HTTP only."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)
    token: str | None = None

    def _post(self, path: str, body: object) -> None:
        self.session.post(f"{self.url}/_sandbox/{path}", json=body, timeout=5).raise_for_status()

    def reset(self) -> None:
        self._post("reset", {})

    def fault(self, **fault: object) -> None:
        self._post("faults", fault)

    def limit(self, **limits: object) -> None:
        self._post("limits", limits)

    def records(self) -> dict[str, Any]:
        records: dict[str, Any] = self.session.get(f"{self.url}/_sandbox/records", timeout=5).json()
        return records

    def have_custom_field(self, api_name: str) -> None:
        """Gives the organization a custom field without duplicates, on invoices and expenses."""
        for kind in ("invoice", "expense"):
            field = {"organization_id": "10000001", "kind": kind, "api_name": api_name, "unique": True}
            self._post("custom_fields", field)

    def correct_invoice(self, invoice: dict[str, Any], **changes: object) -> None:
        """Changes a draft as a bookkeeper would in Zoho."""
        kept = ("customer_id", "line_items", "reference_number", "date", "currency_id", "is_inclusive_tax")
        line_fields = ("name", "rate", "quantity", "discount", "tax_id", "item_id", "description")
        body = {name: invoice[name] for name in kept if invoice.get(name) is not None}
        body["line_items"] = [{k: v for k, v in line.items() if k in line_fields and v} for line in body["line_items"]]
        self.keep_books("PUT", f"/invoices/{invoice['invoice_id']}", {**body, **changes})

    def keep_books(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """What a bookkeeper does in Zoho, in the first organization; the answer."""
        grant = {"grant_type": "refresh_token", "client_id": "person", "client_secret": "sandbox-secret"}
        grant["refresh_token"] = "sandbox-refresh"
        if self.token is None:
            answer = self.session.post(f"{self.url}/oauth/v2/token", data=grant, timeout=5)
            self.token = answer.json()["access_token"]
        answer = self.session.request(
            method,
            f"{self.url}/books/v3{path}",
            params={"organization_id": "10000001"},
            headers={"Authorization": f"Zoho-oauthtoken {self.token}"},
            json=body,
            timeout=5,
        )
        told: dict[str, Any] = answer.json()
        assert told["code"] == 0, told
        return told

    def __getattr__(self, kind: str) -> Any:
        return self.records()[kind]


@dataclass
class Hooks:
    """The door: signs an example as its sender would and delivers it."""

    client: FlaskClient
    clock: Clock
    sandbox_url: str

    def deliver(self, example: Example, *, secret: str | None = None, age: float = 0) -> TestResponse:
        """The answer to the example, signed `age` seconds ago."""
        source = SOURCES[example.source]
        example = self.answering_here(example)
        headers = sign(source, example, secret or two_secrets(source)[0], timestamp=self.clock() - age)
        return self.post(example, headers)

    def post(self, example: Example, headers: Mapping[str, str]) -> TestResponse:
        return self.client.post(f"/hooks/{example.source}", data=example.body, headers=dict(headers))

    def answering_here(self, example: Example) -> Example:
        """The example with its answers going to the sandbox instead of the platform."""
        if b"response_url" not in example.body:
            return example
        return example.with_fields({"response_url": f"{self.sandbox_url}/_sandbox/slack/{example.case}"})


@dataclass
class Worker:
    """A worker that does what is ready now, in this process; unexpected exceptions are raised, not hidden."""

    desk: Desk
    redis: Redis
    reported: list[BaseException]

    def drain(self) -> None:
        """Works until nothing is ready now."""
        sit_down_at(self.desk)
        self.desk.ledger.events.wake()
        dispatch(self.desk)
        self._work_through()
        while dispatch(self.desk):
            self._work_through()

    def _work_through(self) -> None:
        one_place = threading.Semaphore()
        ThreadWorker(threading.Event(), one_place, connection=self.redis).work(burst=True, logging_level="WARNING")

    def work_here(self, event_id: str) -> None:
        """Works on one event without RQ, so that what is raised comes out."""
        work(self.desk, event_id)

    def event(self, event_id: str) -> Event:
        event = self.desk.ledger.events.get(event_id)
        assert event is not None
        return event

    def documents(self, event_id: str) -> dict[str, DocumentRecord]:
        return {record.kind: record for record in self.desk.ledger.documents.of(event_id)}

    def only_event(self) -> Event:
        [event] = self.desk.ledger.events.list()
        return event


def settings_for(sandbox_url: str, redis_url: str) -> dict[str, str]:
    """The environment of a deployment of every source, each with two secrets, against a sandbox."""
    return {
        "REDIS_URL": redis_url,
        "ZOHO_ACCOUNTS_URL": sandbox_url,
        "ZOHO_API_URL": f"{sandbox_url}/books/v3",
        "ZOHO_CLIENT_ID": "test",
        "ZOHO_CLIENT_SECRET": "sandbox-secret",
        "ZOHO_REFRESH_TOKEN": "sandbox-refresh",
        "ZOHO_ORGANIZATION_ID": "10000001",
        "ZOHO_CALLS_PER_MINUTE": "100000",
        "ZOHO_CALLS_PER_DAY": "100000",
        "ZOHO_CONCURRENT_CALLS": "100",
        "BOOKHOOK_ALERT_URL": f"{sandbox_url}/_sandbox/slack/alerts",
        "BOOKHOOK_CONNECTIONS": str(Path(__file__).with_name("connections.yaml")),
        "EXPENSE_PAID_THROUGH": "Company Credit Card",
        "EXPENSE_DEFAULT_ACCOUNT": "Other Expenses",
        "EXPENSE_ACCOUNTS": "meals=Meals and Entertainment,travel=Travel Expense,office=Office Supplies",
        **{source.setting: ",".join(two_secrets(source)) for source in SOURCES.values()},
    }


def two_secrets(source: Source) -> tuple[str, str]:
    """Two secrets of a source's scheme, the same in every run."""
    if source.verify.scheme == "standard_webhooks":
        return "whsec_" + "b2xk" * 8, "whsec_" + "bmV3" * 8
    return f"old-{source.name}", f"new-{source.name}"


def example(name: str) -> Example:
    """The example `<source>/<case>`."""
    return find_example(SOURCES, name)


def every_example() -> list[Any]:
    """Every example of every source, as parameters named like `bookhook send` takes them."""
    found = [each for source in SOURCES.values() for each in source.examples()]
    return [pytest.param(each, id=f"{each.source}/{each.case}") for each in found]


def signs_time(source: Source) -> bool:
    """Whether the source's scheme signs a time."""
    made = SCHEMES[source.verify.scheme].sign(source.verify.parameters, b"", two_secrets(source)[0], "m", 1)
    return any(value == "1" for value in made.values())

"""What tests see of Bookhook: the door, a worker, the sandbox, the examples; all through their front doors."""

import atexit
import base64
import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from cli.examples import answering_at, find_example, sign
from cli.stand_ins import entries, expect, made_up_credentials
from ingest.schemes import Request
from ledger.records import DocumentRecord, Event
from mappings import BUILT_IN, Example, Source, load_sources
from tests.ingest.key_pairs import pair, private_pem, public_half
from worker.desk import Desk
from worker.dispatch import dispatch
from worker.jobs import sit_down_at
from worker.thread_worker import ThreadWorker
from worker.work import work

SOURCES = load_sources(BUILT_IN)
_FOLDER = Path(tempfile.mkdtemp(prefix="bookhook-tests-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
PUBLIC_URL = "https://hooks.example.com"


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

    def have_account(self, organization: str, name: str) -> None:
        """Gives an organization another bank account."""
        self._post("accounts", {"organization_id": organization, "account_name": name, "account_type": "bank"})

    def have_tax(self, organization: str, name: str, percentage: float) -> None:
        """Gives an organization another tax."""
        self._post("taxes", {"organization_id": organization, "tax_name": name, "tax_percentage": percentage})

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
        expect(self.sandbox_url, source, example)
        secret, timestamp = secret or two_secrets(source)[0], self.clock() - age
        request = sign(source, example, secret, timestamp=timestamp, public_url=PUBLIC_URL)
        return self.send(example.source, request)

    def post(self, example: Example, headers: Mapping[str, str]) -> TestResponse:
        return self.send(example.source, Request(example.body, headers))

    def send(self, connection: str, request: Request) -> TestResponse:
        raw = {"input_stream": BytesIO(request.body), "content_length": len(request.body)}  # an empty one, too
        return self.client.post(request.target(connection), headers=dict(request.headers), **raw)

    def answering_here(self, example: Example) -> Example:
        """The example with its answers going to the sandbox instead of the platform."""
        return answering_at(SOURCES[example.source], example, f"{self.sandbox_url}/_sandbox/slack/{example.case}")


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
        "BOOKHOOK_PUBLIC_URL": PUBLIC_URL,
        "BOOKHOOK_CONNECTIONS": str(_connections(sandbox_url)),
        "EXPENSE_PAID_THROUGH": "Company Credit Card",
        "EXPENSE_DEFAULT_ACCOUNT": "Other Expenses",
        "EXPENSE_ACCOUNTS": "meals=Meals and Entertainment,travel=Travel Expense,office=Office Supplies",
        **{_secret_setting(source): ",".join(map(public_part, two_secrets(source))) for source in SOURCES.values()},
        **made_up_credentials(SOURCES.values()),
    }


def _secret_setting(source: Source) -> str:
    """Where a source has options that must be given, its setting is named in the connections' file alone."""
    return f"TEST_{source.setting}" if source.required_options else source.setting


def _connections(sandbox_url: str) -> Path:
    """A connections' file: people's expenses go straight to the books, and the sandbox plays the senders' APIs."""
    found = entries(SOURCES.values(), sandbox_url)
    for name in (source.name for source in SOURCES.values() if source.holds_expenses):
        found[name] = {**found.get(name, {}), "expenses": {"approval": "none"}}
    for source in SOURCES.values():
        if source.required_options:
            found[source.name]["secret"] = _secret_setting(source)
    file = _FOLDER / f"{sandbox_url.rpartition(':')[2].strip('/')}.yaml"
    file.write_text(yaml.safe_dump({"connections": found}))
    return file


def two_secrets(source: Source) -> tuple[str, str]:
    """Two secrets of a source's scheme, the same in every run."""
    return secret_of(source, "old"), secret_of(source, "new")


def secret_of(source: Source, word: str) -> str:
    """A secret of the form that the source's scheme takes, another for each word, the same in every run."""
    if source.verify.scheme in ("rsa", "jws_detached", "jwt_body"):
        return private_pem(pair(f"{word} of {source.name}"))
    text = f"{word}-{source.name}-" + "0" * 10
    if source.verify.scheme == "basic":
        return f"{word}:{text}"
    if source.verify.scheme == "standard_webhooks" and "key" not in source.verify.parameters:
        return "whsec_" + base64.b64encode(text.encode().ljust(24)).decode()
    form = source.verify.parameters.get("key", "text")
    return {"text": text, "hex": text.encode().hex(), "base64": base64.b64encode(text.encode()).decode()}[form]


def public_part(secret: str) -> str:
    """What a deployment holds of a secret: of a key pair its public half."""
    return public_half(secret) if "PRIVATE KEY" in secret else secret


def example(name: str) -> Example:
    """The example `<source>/<case>`."""
    return find_example(SOURCES, name)


def every_example() -> list[Any]:
    """Every example of every source, as parameters named like `bookhook send` takes them."""
    found = [each for source in SOURCES.values() for each in source.examples()]
    return [pytest.param(each, id=f"{each.source}/{each.case}") for each in found]

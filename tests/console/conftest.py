"""The console as a browser without scripts sees it: cookies, forms, redirects."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from werkzeug.test import TestResponse

from cli.console import open_services
from console import people
from console.app import create_console
from console.services import Services
from mappings import Example
from tests.scene import example

ORDER = example("shopify/paid_order")
PASSWORD = "correct-horse-battery"
URL = "https://console.example.com"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def order(number: int, **changes: object) -> Example:
    """An order of its own, in a delivery of its own."""
    body = json.dumps({**json.loads(ORDER.body), "id": number, "name": f"#{number}", **changes}).encode()
    headers = {name: value for name, value in ORDER.headers.items() if "Id" not in name}
    return replace(ORDER, body=body, headers=headers)


class Browser:
    """One browser: it follows redirects, and sends the forms it was shown."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **options: object) -> TestResponse:
        return self.client.get(path, base_url=URL, **options)

    @property
    def token(self) -> str:
        found = _TOKEN.search(self.get("/me").text)
        assert found is not None, "nobody is logged in"
        return found[1]

    def log_in(self, name: str, password: str = PASSWORD) -> TestResponse:
        return self.send("/login", {"name": name, "password": password}, token=None)

    def post(self, path: str, form: Mapping[str, object] | None = None) -> TestResponse:
        """Sends a form as the session's pages do; the page it leads to."""
        return self.client.get(self.send(path, form, token=self.token).location, base_url=URL)

    def send(self, path: str, form: Mapping[str, object] | None = None, *, token: str | None) -> TestResponse:
        fields = {**(form or {}), **({"csrf_token": token} if token else {})}
        return self.client.post(path, data=fields, base_url=URL, headers={"Origin": URL})


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch):
    """What guessing costs is no matter here, and it is a lot."""
    monkeypatch.setitem(people._COST, "n", 16)


@pytest.fixture
def services(deployment, ledger) -> Services:
    found = open_services(deployment, ledger, report=[].append)
    for role in ("viewer", "approver", "operator", "admin"):
        found.people.keep(role, role=role, password=PASSWORD)
    return found


@pytest.fixture
def posted(hooks, worker) -> str:
    """The id of an order that is posted."""
    event_id = hooks.deliver(ORDER).json["event_id"]
    worker.drain()
    return event_id


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory):
    """Templates are compiled once for all tests; each still has a console of its own."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def new_browser(services, compiled_templates):
    app = create_console(services, url=URL)
    app.jinja_env.bytecode_cache = compiled_templates
    return lambda: Browser(app.test_client())


@pytest.fixture
def browse(new_browser):
    """A browser in which somebody of that role is logged in."""

    def log_in(role: str) -> Browser:
        browser = new_browser()
        assert browser.log_in(role).status_code == 303
        return browser

    return log_in


@pytest.fixture
def held(hooks, worker) -> str:
    """An expense from Slack, where the connections' file has it await approval."""
    hooks.deliver(example("slack/expense"))
    worker.drain()
    [event] = worker.desk.ledger.events.list(state="awaiting_approval")
    return event.event_id

"""The console in Chromium, against the sandbox and a real Redis."""

import os
import shutil
import socket
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from cli.console import open_services
from console import people
from console.app import create_console
from console.services import Services
from tests.serving import serving

PASSWORD = "correct-horse-battery"
QUIET = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="FOLDER", help="keep the pictures of the README there")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; where there is none, tests are left out at home and fail in CI."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        assert "CI" not in os.environ, "Chromium is not installed"
        pytest.skip("Chromium is not installed")
    arguments = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def services(deployment, ledger, monkeypatch) -> Services:
    monkeypatch.setitem(people._COST, "n", 16)
    found = open_services(deployment, ledger, report=[].append)
    for role in ("viewer", "approver", "operator", "admin"):
        found.people.keep(role, role=role, password=PASSWORD)
    return found


@pytest.fixture
def console_url(services) -> Iterator[str]:
    """Where the console answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        app = create_console(services, url=url)
        with serving(make_server("127.0.0.1", port, app, threaded=True, fd=listener.fileno())):
            yield url


@pytest.fixture
def open_page(chromium, console_url):
    """A page on which somebody of that role is logged in; what goes wrong in it fails the test."""
    contexts, wrong = [], []

    def open_page(role: str, *, scripts: bool = True, **options: object) -> Page:
        context = chromium.new_context(java_script_enabled=scripts, base_url=console_url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.goto("/login")
        page.get_by_label("Name").fill(role)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("heading", name="What needs somebody").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []

"""The pictures of the README, taken of the demonstration's shop; `--screenshots FOLDER` keeps them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page

from cli.demo_shop import CONNECTIONS, SECRETS, half_a_year
from cli.examples import sign
from ingest.schemes import make_scheme
from tests.scene import SOURCES, example

SECONDS_BETWEEN = 420.0
# What of the shop's numbers is to be seen on each page.
SHOWN = {
    "overview": ("/", "8 failed"),
    "failures": ("/failures", "CA State Tax"),
    "approvals": ("/approvals", "2380.00 USD"),
    "receivables": ("/reports", "Who owes most"),
    "cash": ("/reports/cash", "collected"),
}


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    kept = request.config.getoption("--screenshots", default=None)
    return Path(kept) if kept else tmp_path


@pytest.fixture
def environ(environ, tmp_path):
    file = tmp_path / "connections.yaml"
    file.write_text(yaml.safe_dump({"connections": CONNECTIONS}))
    secrets = {setting: make_scheme(SOURCES[source].verify).new_secret() for setting, source in SECRETS.items()}
    return {**environ, **secrets, "BOOKHOOK_CONNECTIONS": str(file)}


@pytest.fixture
def shop(deployment, hooks, worker, clock) -> None:
    """Half a year of the shop, told within a day."""
    today = datetime.fromtimestamp(clock(), UTC).date()
    for group in half_a_year(today, example("slack/expense")):
        for told in group:
            clock.advance(SECONDS_BETWEEN)
            connection = deployment.connections[told.connection]
            source = deployment.sources[connection.source]
            request = sign(source, hooks.answering_here(told.example), connection.secrets[0], timestamp=clock())
            assert hooks.send(told.connection, request).status_code in (200, 202)
        worker.drain()


def take(page: Page, path: str, words: str, file: Path) -> None:
    page.goto(path)
    page.get_by_text(words).first.wait_for()
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file)


def compare(page: Page, live: str, edited: str) -> None:
    """Runs a mapping with an edit over what came, until it is known what would differ."""
    page.goto("/mappings/standard/try")
    mapping = page.get_by_role("textbox", name="The mapping")
    mapping.fill(mapping.input_value().replace(live, edited, 1))
    page.get_by_role("button", name="Run over them").click()
    page.get_by_role("heading", name="would be otherwise").wait_for()


def test_every_page_of_the_readme_shows_the_shop(open_page, shop, folder, ledger):
    page = open_page("admin", viewport={"width": 1240, "height": 820})

    for name, (path, words) in SHOWN.items():
        take(page, path, words, folder / f"console-{name}.png")
    order = next(event for event in ledger.events.list(state="posted") if event.topic == "order.completed")
    take(page, f"/events/{order.event_id}", "Timeline", folder / "console-event.png")
    compare(page, "text(data.number, `83`) || text(data.id, `83`)", "join(' ', ['Garden', text(data.number, `70`)])")
    page.screenshot(path=folder / "console-comparison.png")

    names = (*SHOWN, "event", "comparison")
    assert {file.name for file in folder.glob("console-*.png")} == {f"console-{name}.png" for name in names}

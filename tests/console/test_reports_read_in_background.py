"""Reports of organizations that take long to read: behind the page, with a word of how far it is, after live events."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from tests.bookkeeper import Bookkeeper
from tests.console.conftest import ORDER
from tests.scene import Clock
from tests.two_organizations import AMERICA

ROWS = 2_300
PER_MINUTE = 16


@dataclass
class Pause:
    """Stands in for waiting: a reader that waits for its turn does so until it is let go on."""

    clock: Clock
    waits: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)

    def __call__(self, seconds: float) -> None:
        self.waits.set()
        assert self.goes_on.wait(30)
        self.clock.advance(seconds)


@pytest.fixture
def pause(clock) -> Iterator[Pause]:
    pause = Pause(clock)
    yield pause
    pause.goes_on.set()
    for thread in readers():
        thread.join(30)


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("report ")]


@pytest.fixture
def environ(environ):
    return {**environ, "ZOHO_CALLS_PER_MINUTE": str(PER_MINUTE), "BOOKHOOK_PAYMENTS": "none"}


@pytest.fixture
def services(services, pause):
    return type(services)(**{name: getattr(services, name) for name in services.__slots__} | {"pause": pause})


@pytest.fixture
def expenses(sandbox):
    """Has so many expenses in Zoho, of one dollar each."""

    def have(number: int) -> None:
        bookkeeper = Bookkeeper(sandbox)
        for _ in range(number):
            bookkeeper.expense("Office Supplies", 1)

    return have


def test_many_rows_are_read_behind_the_page_which_says_how_far_it_is(browse, expenses, pause, sandbox):
    expenses(ROWS)
    viewer = browse("viewer")

    begun = viewer.get("/reports/expenses.json").json
    assert pause.waits.wait(30)
    page, again = viewer.get("/reports/expenses"), viewer.get("/reports/expenses.json").json
    followed = viewer.get("/reports/reading/expenses", headers={"HX-Request": "true"})
    pause.goes_on.set()
    for thread in readers():
        thread.join(30)
    done = viewer.get("/reports/expenses.json").json

    assert (begun["report"], begun["trouble"]) == (None, None)
    assert again["progress"]["waits"]
    rows = again["progress"]["rows"]
    assert rows == 1_000
    assert f"Zoho is being read, {rows:,} rows so far; it waits for its turn" in page.text
    assert '<meta http-equiv="refresh"' in page.text
    assert f"{rows:,} rows so far" in followed.text
    assert (done["report"]["total"], done["progress"]) == (f"{Decimal(ROWS)}.00", None)
    assert sandbox.calls["GET /expenses"] == 12
    assert viewer.get("/reports/reading/expenses", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_events_are_posted_meanwhile(browse, expenses, pause, hooks, worker):
    expenses(1_500)
    browse("viewer").get("/reports/expenses")
    assert pause.waits.wait(30)

    event_id = hooks.deliver(ORDER).json["event_id"]
    worker.work_here(event_id)

    assert worker.event(event_id).state == "posted"
    assert len(readers()) == 1


def test_reading_that_fails_is_said_and_not_begun_anew_by_looking(browse, sandbox, services):
    sandbox.fault(on="GET /expenses", do="answer_500", times=1)
    viewer = browse("viewer")

    first, second = viewer.get("/reports/expenses.json").json, viewer.get("/reports/expenses.json").json
    viewer.post("/reports/expenses/refresh", {"shown_on": "expenses"})
    third = viewer.get("/reports/expenses.json").json

    assert first["trouble"] == second["trouble"]
    assert "HTTP 500" in first["trouble"]
    assert (third["trouble"], third["report"]["total"]) == (None, "0")
    assert sandbox.calls["GET /expenses"] == 2


def test_a_reader_that_died_is_followed_by_the_next_who_looks(browse, redis, sandbox):
    viewer = browse("viewer")
    redis.set(f"bh:report:{AMERICA}:expenses:reading", "one that died", px=1)
    while redis.exists(f"bh:report:{AMERICA}:expenses:reading"):
        pass

    assert viewer.get("/reports/expenses.json").json["report"]["total"] == "0"

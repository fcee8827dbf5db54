"""The console's first byte over a ledger of a hundred thousand events.

A ledger as growth.py fills it: most events are posted and in the archive, some need a person, for three causes, some
expenses wait for approval. `bookhook console` runs over it as it really does; somebody is logged in and asks for one
page after the other, over one connection that is kept alive. The time is that from the request to the end of the
answer's headers, which come when the page is made. Beside it, on the same machine: what answers without doing anything.
"""

import json
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import requests

from benchmarks.growth import AT_ONCE, Shop, copy_ended, open_shop
from benchmarks.orders import Request
from benchmarks.place import Place, is_up, set_place, until
from benchmarks.table import Row, at_most
from cli.examples import find_example, sign
from cli.stage import find_free_port
from mappings import BUILT_IN, load_sources

LIMIT_MS = 50
COPY_PARKED = (Path(__file__).parent / "copy_parked.lua").read_text()
PASSWORD = "benchmark-password"
SLACK_SECRET = "benchmark-signing-secret"
SETTINGS = {
    "BOOKHOOK_CONSOLE_PASSWORD": PASSWORD,
    "SLACK_SIGNING_SECRET": SLACK_SECRET,
    "EXPENSE_PAID_THROUGH": "Company Credit Card",
    "EXPENSE_DEFAULT_ACCOUNT": "Other Expenses",
}


@dataclass(frozen=True, slots=True)
class Size:
    """How many events there are, how many of them need a person or approval, and how often each page is asked for."""

    events: int
    parked: int
    waiting: int
    tries: int


FULL = Size(events=100_000, parked=6_000, waiting=100, tries=60)
QUICK = Size(events=2_000, parked=60, waiting=5, tries=3)


def run(*, quick: bool) -> list[Row]:
    """The rows of this benchmark: of each page the median, and of all the slowest in twenty."""
    size = QUICK if quick else FULL
    with set_place(**SETTINGS) as place:
        place.start_sandbox()
        with place.redis() as redis:
            shop = open_shop(place, redis)
            pages = fill(shop, size)
            counts = shop.ledger.events.counts()
            assert (sum(counts.values()), counts["awaiting_approval"]) == (size.events, size.waiting), counts
            return list(measure(Reader(place), pages, size))


def fill(shop: Shop, size: Size) -> dict[str, str]:
    """Fills the ledger and gives the addresses of the pages by what they show."""
    [*_, posted] = shop.live(20)
    parked = [shop.park(request) for request in broken(shop)]
    expenses = Expenses(shop)
    for _ in range(size.waiting):
        expenses.submit()
    alive = sum(shop.ledger.events.counts().values())
    each = size.parked // len(parked)
    copies = size.events - alive - each * len(parked)
    copy_ended(shop, posted, copies)
    for number, model in enumerate(parked):
        copy_parked(shop, model, first=size.events * (number + 1), count=each)
    return addresses(shop, posted=posted, parked=parked[0])


def broken(shop: Shop) -> Iterator[Request]:
    """Orders that need a person: of an unknown tax, without lines, with a total that is not theirs."""
    order = shop.orders.next()
    body = json.loads(order.body)
    yield replace(order, body=json.dumps(body).replace('"State Tax"', '"CA State Tax"').encode())
    for changes in ({"line_items": [], "shipping_lines": []}, {"total_price": "0000000.07"}):
        order = shop.orders.next()
        yield replace(order, body=json.dumps({**json.loads(order.body), **changes}).encode())


class Expenses:
    """Expenses from Slack, which wait for approval."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._source = load_sources(BUILT_IN)["slack"]
        self._example = find_example({"slack": self._source}, "slack/expense")
        self._numbers = count()

    def submit(self) -> None:
        """The next expense, until it waits."""
        fields = {"trigger_id": f"1.{next(self._numbers)}", "response_url": ""}
        request = sign(self._source, self._example.with_fields(fields), SLACK_SECRET, timestamp=time.time())
        answer = self._shop.client.post("/hooks/slack", data=request.body, headers=dict(request.headers))
        assert answer.status_code == 200, answer.text
        [event] = self._shop.ledger.events.list(newest=1)
        self._shop.post(event.event_id)


def copy_parked(shop: Shop, model: str, *, first: int, count: int) -> None:
    """Fills the ledger with copies of an event that needs a person."""
    script = shop.redis.register_script(COPY_PARKED)
    now = time.time()
    for done in range(0, count, AT_ONCE):
        script(args=[model, first + done, min(AT_ONCE, count - done), now, 0.5])


def addresses(shop: Shop, *, posted: str, parked: str) -> dict[str, str]:
    """The pages, by what they show."""
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 30 * 86400))
    old = time.time() - 40 * 86400
    return {
        "the first screen": "/",
        "events, the newest": "/events",
        "events, forty days back": f"/events?before={old!r}",
        "events that need a person": "/events?state=parked",
        "events of a connection": "/events?connection=shopify",
        "events of a kind that most led to": "/events?kind=invoice",
        "events of a kind that few led to": "/events?kind=expense",
        "events of a day": f"/events?from={day}&to={day}",
        "all filters at once": f"/events?from={day}&to={day}&state=posted&connection=shopify&kind=invoice",
        "found by an order number": "/events?find=%2310007",
        "found by an e-mail address": "/events?find=buyer7@example.com",
        "found by words of the trouble": "/events?find=CA+State",
        "found by nothing": "/events?find=no+such+thing",
        "failures": "/failures",
        "approvals": "/approvals",
        "an event that is posted": f"/events/{posted}",
        "an event that needs a person": f"/events/{parked}",
        "what can be done about all": "/bulk/new?state=posted",
    }


class Reader:
    """Somebody who is logged in."""

    def __init__(self, place: Place) -> None:
        port = find_free_port(0)
        self._url = f"http://127.0.0.1:{port}"
        place.bookhook("console", "--port", str(port))
        until(lambda: is_up(f"{self._url}/healthz"), "the console answers")
        self._session = requests.Session()
        self._session.post(f"{self._url}/login", data={"name": "admin", "password": PASSWORD}).raise_for_status()

    def first_byte(self, path: str) -> float:
        """The milliseconds until the answer's headers are there."""
        answer = self._session.get(f"{self._url}{path}")
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        assert answer.url.endswith(path), f"{path} led to {answer.url}"
        return answer.elapsed.total_seconds() * 1000


def measure(reader: Reader, pages: Mapping[str, str], size: Size) -> Iterator[Row]:
    """Each page in turn, so that whatever else the machine does meets all of them."""
    times: dict[str, list[float]] = {name: [] for name in ("nothing", *pages)}
    for path in pages.values():
        reader.first_byte(path)
    for _ in range(size.tries):
        for name, path in (("nothing", "/healthz"), *pages.items()):
            times[name].append(reader.first_byte(path))
    nothing = f"{statistics.median(times.pop('nothing')):.1f} ms, /healthz"
    for name, found in times.items():
        what = f"first byte of {name}, {size.events:,} events"
        yield at_most(what, statistics.median(found), LIMIT_MS, unit="ms", baseline=nothing)
    everything: list[Any] = sorted(each for found in times.values() for each in found)
    slow = everything[int(len(everything) * 0.95)]
    yield Row(what="the same, the slowest in twenty of all", ours=f"{slow:.2f} ms", baseline=nothing)

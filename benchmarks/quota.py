"""Calls: what an invoice costs, how much of what Zoho allows is used, and what tutorials make of the same minute.

2,000 orders of a sale come in at a hundred a minute, as many as Zoho allows calls: no design keeps pace with that, so
there is a backlog from the first minute on. Both designs get the same orders, Zoho's limits (100 calls a minute, 10 in
flight) and Zoho's slowness (0.3 to 0.8 seconds a call). Before, `bookhook warm` has loaded the customers who are in
Zoho already; its calls count among ours.

Time runs ten times as fast, so that half an hour passes in three minutes: the sandbox's minute is six seconds, its
answers take 30 to 80 milliseconds, the sender's waiting times are a tenth, and our worker is given a clock that is ten
times as fast (`benchmarks.fast_worker`). What is not sped up is the machine: a millisecond of our own work counts as
ten. So the figures are worse than they would be in real time, for either design, and worse still on a busy machine;
that is why it does not run faster yet.

Share of the quota: of the calls to a Zoho that allows 100 a minute, the first and the 101st lie at least a minute
apart, so the first and the (100 m + 1)st at least m minutes. The share is these m minutes over the time it took, for
the largest m there is: 1 would be no moment's delay. It is measured by when the calls came in at the sandbox.

Rate: distinct invoices until ours are all posted, over that time. The baseline is given the same time; what its sender
would still have tried later is not counted against it as lost. It depends on who orders: a new customer costs three
calls in either design, so that with more of them the two come closer.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fast_clock import FastClock
from benchmarks.place import Place, is_up, set_place, until
from benchmarks.sale import Order, Shop, make_orders, put_customers_into_zoho, send_and_repeat, send_each_in_time
from benchmarks.table import Row, at_least, at_most
from cli.deployment import read_deployment
from cli.ledgers import ledger_of
from cli.stage import find_free_port
from config.redis_client import connect_redis
from ingest.app import create_app
from ingest.door import Door
from ingest.intake import Intake
from ingest.spool import Spool

ROOT = Path(__file__).parents[1]
FACTOR = 10.0
AT_ONCE = 10
ANSWER_SECONDS = (0.3, 0.5, 0.6, 0.8)
MOST_MINUTES = 60.0
LEAST_SHARE, MOST_CALLS, LEAST_RATIO = 0.97, 1.05, 2.5
NEW_CUSTOMERS_CALLS = 3


@dataclass(frozen=True, slots=True)
class Scale:
    """How many orders come, and how many calls Zoho allows in a minute of its own; as many orders come in one."""

    orders: int
    per_minute: int

    @property
    def apart_seconds(self) -> float:
        """Between two orders, by the machine's clock."""
        return 60.0 / self.per_minute / FACTOR


FULL, QUICK = Scale(2000, 100), Scale(60, 20)


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the sandbox saw it come, in unix seconds."""

    at: float
    route: str
    status: int

    @property
    def is_counted(self) -> bool:
        """Whether it was one of the minute's: a refused one is not, nor is the list of organizations."""
        return self.status != 429 and self.route != "GET /organizations"


@dataclass(frozen=True, slots=True)
class Result:
    """What a design came to, of all its calls and of those since the sale began; minutes are Zoho's."""

    calls: Sequence[Call]
    of_the_sale: Sequence[Call]
    invoices: Counter[str]
    minutes: float

    @property
    def made(self) -> int:
        """The calls that counted."""
        return sum(call.is_counted for call in self.calls)

    @property
    def refused(self) -> int:
        """The calls that Zoho refused for a limit."""
        return sum(call.status == 429 for call in self.calls)

    @property
    def doubled(self) -> int:
        """The invoices beyond one for each order."""
        return self.invoices.total() - len(self.invoices)

    @property
    def a_minute(self) -> float:
        """Distinct invoices a minute."""
        return len(self.invoices) / self.minutes


def run(*, quick: bool) -> list[Row]:
    """Both designs, one after the other."""
    scale = QUICK if quick else FULL
    orders = make_orders(scale.orders)
    ours = _run_bookhook(scale, orders)
    theirs = _run_tutorial(scale, orders, minutes=ours.minutes)
    return [*_costs(orders, ours, theirs), *_use(scale, orders, ours, theirs)]


def _costs(orders: Sequence[Order], ours: Result, theirs: Result) -> Iterator[Row]:
    new = sum(order.kind == "new" for order in orders)
    known = len(orders) - new
    # Whatever else was called (lists of names, the warm-up) counts as a call for those who are known.
    for_known = (ours.made - NEW_CUSTOMERS_CALLS * new) / known
    yield at_most("calls per invoice, known customers", for_known, MOST_CALLS, unit="calls")
    yield Row(
        what=f"calls per invoice, {new / len(orders):.0%} new customers",
        ours=f"{ours.made / len(ours.invoices):.2f} calls",
        baseline=f"{theirs.made / len(theirs.invoices):.2f} calls, tutorial",
    )


def _use(scale: Scale, orders: Sequence[Order], ours: Result, theirs: Result) -> Iterator[Row]:
    shares = [share_used(each.of_the_sale, scale) for each in (ours, theirs)]
    yield Row(
        what="share of the allowed calls used",
        ours=f"{shares[0]:.3f}",
        baseline=f"{shares[1]:.3f}, tutorial",
        limit=f"at least {LEAST_SHARE}",
        is_within=shares[0] >= LEAST_SHARE,
    )
    yield at_most("calls refused", ours.refused, 0, unit="calls", baseline=f"{theirs.refused:,} calls, tutorial")
    yield Row(
        what=f"of {len(orders):,} orders: not invoiced, doubled",
        ours=f"{len(orders) - len(ours.invoices)}, {ours.doubled}",
        baseline=f"{len(orders) - len(theirs.invoices):,} (then), {theirs.doubled}, tutorial",
        limit="0, 0",
        is_within=len(ours.invoices) == len(orders) and not ours.doubled,
    )
    yield at_least(
        "invoices a minute", ours.a_minute, theirs.a_minute, LEAST_RATIO, unit="a minute of Zoho's", named="tutorial"
    )


def share_used(calls: Sequence[Call], scale: Scale) -> float:
    """The minutes that so many calls take at least, over those they took; see above."""
    times = sorted(call.at for call in calls if call.is_counted)
    least = (len(times) - 1) // scale.per_minute
    return least * 60.0 / FACTOR / (times[least * scale.per_minute] - times[0])


def _run_bookhook(scale: Scale, orders: Sequence[Order]) -> Result:
    with _zoho(scale, orders) as (place, calls_file):
        place.bookhook("warm").wait(60)
        clock = FastClock(time.time(), FACTOR)
        words = (repr(clock.origin), repr(FACTOR), str(AT_ONCE))
        worker = place.start(sys.executable, "-m", "benchmarks.fast_worker", *words, PYTHONPATH=str(ROOT))
        _deliver_at_the_door(place, orders, clock, scale)
        with place.redis() as redis:
            open_events = f"bh:open:{place.environ['ZOHO_ORGANIZATION_ID']}"
            until(lambda: not redis.exists(open_events), "everything is posted", MOST_MINUTES * 60 / FACTOR)
        place.end(worker)
        calls = _read(calls_file)
        of_the_sale = [call for call in calls if call.at >= clock.origin]
        return Result(calls, of_the_sale, _invoices(place), (calls[-1].at - clock.origin) * FACTOR / 60)


def _run_tutorial(scale: Scale, orders: Sequence[Order], *, minutes: float) -> Result:
    with _zoho(scale, orders) as (place, calls_file):
        port = find_free_port(0)
        app = ("--worker-class", "gthread", "--workers", "2", "--threads", "8", "benchmarks.tutorial:app")
        words = ("-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--reuse-port", "--log-level", "critical", *app)
        server = place.start(sys.executable, *words, PYTHONPATH=str(ROOT))
        until(lambda: is_up(f"http://127.0.0.1:{port}/health"), "gunicorn answers")
        url, seconds = f"http://127.0.0.1:{port}/hooks/shopify", minutes * 60 / FACTOR
        began = time.time()
        send_and_repeat(url, orders, apart_seconds=scale.apart_seconds, factor=FACTOR, seconds=seconds)
        place.end(server)
        calls = _read(calls_file)
        return Result(calls, [call for call in calls if call.at >= began], _invoices(place), minutes)


@contextmanager
def _zoho(scale: Scale, orders: Sequence[Order]) -> Iterator[tuple[Place, Path]]:
    """A place whose Zoho has its limits and its slowness, and the file in which its calls are written down."""
    limits = {"ZOHO_CALLS_PER_MINUTE": str(scale.per_minute), "ZOHO_CONCURRENT_CALLS": str(AT_ONCE)}
    with set_place(**limits, ZOHO_QUOTA_HEADROOM="0") as place:
        calls_file = place.folder / "calls.txt"
        port = place.sandbox_url.rpartition(":")[2]
        watched = ("-m", "benchmarks.watched_sandbox", port, str(calls_file))
        place.start(sys.executable, *watched, PYTHONPATH=str(ROOT))
        until(lambda: is_up(f"{place.sandbox_url}/_sandbox/faults"), "the sandbox answers")
        put_customers_into_zoho(place, orders)
        calls_file.write_text("")
        limited = {"per_minute": scale.per_minute, "concurrent": AT_ONCE, "seconds_per_minute": 60 / FACTOR}
        place.control("limits", limited)
        place.control("faults", list(_slowness()))
        yield place, calls_file


def _slowness() -> Iterator[dict[str, object]]:
    """Each of the times as often as the others; a call meets the first that it does not escape."""
    for left, seconds in zip(range(len(ANSWER_SECONDS), 0, -1), ANSWER_SECONDS, strict=True):
        yield {"on": "*", "do": "save_after_timeout", "share": 1 / left, "seconds": seconds / FACTOR}


def _deliver_at_the_door(place: Place, orders: Sequence[Order], clock: FastClock, scale: Scale) -> None:
    """Through the door of `bookhook web`, in this process: how fast that answers is not the question here."""
    deployment, shop = read_deployment(place.environ), Shop()
    with connect_redis(place.redis_url) as redis:
        intake = Intake(ledger_of(deployment, redis, clock=clock), Spool(place.folder / "spool"))
        door = Door(deployment.configured, deployment.connections)
        client = create_app(door, intake, max_body_bytes=deployment.settings.max_body_bytes, clock=clock).test_client()

        def send(order: Order) -> None:
            body, headers = shop.request(order)
            assert client.post("/hooks/shopify", data=body, headers=headers).status_code == 202

        send_each_in_time(orders, apart_seconds=scale.apart_seconds, send=send)


def _read(calls_file: Path) -> list[Call]:
    """The calls to the books; their ids are left out of the routes."""
    calls = []
    for line in calls_file.read_text().splitlines():
        at, method, path, status = line.split()
        if path.startswith("/books/v3/"):
            calls.append(Call(float(at), f"{method} {path.removeprefix('/books/v3')}", int(status)))
    return calls


def _invoices(place: Place) -> Counter[str]:
    """How many invoices there are for each order."""
    return Counter(str(invoice["reference_number"]).split()[0] for invoice in place.records()["invoices"])

"""How many calls one worker process keeps in flight, and what an event costs it.

Orders of known customers wait in the ledger; Zoho takes half a second for each invoice. The baseline of the rate is the
ideal: as many threads, each half a second a call. The baseline of the costs is RQ's own: its SimpleWorker runs as many
jobs that do nothing. Commands are those a client sends; a script is one, and what it does inside is told apart.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from benchmarks.orders import Orders, record
from benchmarks.place import Place, set_place, until
from benchmarks.processes import Commands, counting, cpu_seconds, most_bytes
from benchmarks.table import Row, at_most
from ledger.ledger import Ledger

THREADS = 64
CALL_SECONDS = 0.5
EVENTS, EVENTS_IF_QUICK = 5000, 300
COUNTED = 100
BUYERS = 50
LONGEST_SECONDS = 600.0
MEGABYTE = 1 << 20
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Flight:
    """What a worker process did: events a second, CPU seconds an event, the most memory it had."""

    rate: float
    cpu_seconds: float
    most_bytes: int


def run(*, quick: bool) -> list[Row]:
    """Rate, memory, and costs beyond RQ's own."""
    events = EVENTS_IF_QUICK if quick else EVENTS
    with set_place() as place, place.redis() as redis:
        place.start_sandbox()
        ledger, orders = Ledger(redis), Orders(buyers=BUYERS)
        _make_buyers_known(place, ledger, orders)
        nothing = _commands(place, redis, lambda: _queue_nothing(redis, COUNTED), _rq_worker(place, "--burst"))
        burst = [sys.executable, "-m", "cli", "worker", "--threads", str(THREADS), "--burst"]
        ours = _commands(place, redis, lambda: _record(ledger, orders, COUNTED), burst)
        rq_seconds = _work_on_nothing(place, redis, events)
        slow = {"on": "POST /invoices", "share": 1, "do": "save_after_timeout", "seconds": CALL_SECONDS}
        place.control("faults", slow)
        flight = _work_off(place, ledger, orders, events)
    return [*_of_the_process(flight), *_of_an_event(flight.cpu_seconds, rq_seconds, ours, nothing)]


def _of_the_process(flight: Flight) -> list[Row]:
    ideal = THREADS / CALL_SECONDS
    rate = Row(
        what=f"calls of {CALL_SECONDS} s by {THREADS} threads of one process",
        ours=f"{flight.rate:.1f} a second",
        baseline=f"{ideal:.0f} a second, the ideal",
        ratio=f"{flight.rate / ideal:.2f}",
        limit="at least 0.90",
        is_within=flight.rate / ideal >= 0.90,
    )
    return [rate, at_most("memory of that process", flight.most_bytes / MEGABYTE, 150, unit="MB")]


def _of_an_event(seconds: float, rq_seconds: float, ours: Commands, nothing: Commands) -> list[Row]:
    sent, inside = ours.sent / COUNTED, ours.in_scripts / COUNTED
    return [
        at_most(
            "CPU an event beyond RQ's own",
            (seconds - rq_seconds) * 1000,
            3,
            unit="ms",
            baseline=f"{rq_seconds * 1000:.2f} ms, RQ's SimpleWorker for a job that does nothing",
        ),
        at_most(
            f"Redis commands an event beyond RQ's own (and {inside:.0f} inside of scripts)",
            sent - nothing.sent / COUNTED,
            40,
            unit="sent",
            baseline=f"{nothing.sent / COUNTED:.0f}, RQ's SimpleWorker for a job that does nothing",
        ),
    ]


def _make_buyers_known(place: Place, ledger: Ledger, orders: Orders) -> None:
    _record(ledger, orders, BUYERS)
    worker = place.bookhook("worker", "--threads", "4")
    until(lambda: ledger.events.counts()["posted"] == BUYERS, "the buyers are known")
    place.end(worker)


def _record(ledger: Ledger, orders: Orders, events: int) -> None:
    for _ in range(events):
        record(ledger, orders.next())


def _commands(place: Place, redis: Redis, prepare: Callable[[], object], command: list[str]) -> Commands:
    """The commands of a program that ends when there is no more to do, its start and end included."""
    prepare()
    with counting(redis) as counted:
        assert place.start(*command, PYTHONPATH=str(ROOT)).wait(LONGEST_SECONDS) == 0
    return counted


def _queue_nothing(redis: Redis, jobs: int) -> "Queue":
    queue = Queue("nothing", connection=redis, serializer=JSONSerializer)
    for _ in range(jobs):
        queue.enqueue("benchmarks.nothing.do_nothing", "an id", result_ttl=0)
    return queue


def _rq_worker(place: Place, *options: str) -> list[str]:
    command = [str(Path(sys.executable).with_name("rq")), "worker", "nothing", "--quiet", "--url", place.redis_url]
    classes = ["--worker-class", "rq.SimpleWorker", "--serializer", "rq.serializers.JSONSerializer"]
    return [*command, *classes, *options]


def _work_on_nothing(place: Place, redis: Redis, jobs: int) -> float:
    """CPU seconds a job of RQ's own worker for one that does nothing, its start left out."""
    queue = _queue_nothing(redis, jobs)
    worker = place.start(*_rq_worker(place), PYTHONPATH=str(ROOT))
    until(lambda: queue.count < jobs, "RQ's worker has begun")
    left, seconds = queue.count, cpu_seconds(worker.pid)
    until(lambda: not queue.count, "RQ's worker is done", seconds=LONGEST_SECONDS)
    spent = cpu_seconds(worker.pid) - seconds
    place.end(worker)
    return spent / max(left, 1)


def _work_off(place: Place, ledger: Ledger, orders: Orders, events: int) -> Flight:
    """A worker posts so many events that wait; the time until its first is left out."""
    posted = ledger.events.counts()["posted"]
    _record(ledger, orders, events)
    worker = place.bookhook("worker", "--threads", str(THREADS))
    until(lambda: ledger.events.counts()["posted"] > posted, "the first invoice stands")
    first, began_at, seconds = ledger.events.counts()["posted"], time.monotonic(), cpu_seconds(worker.pid)
    everything = posted + events
    until(lambda: ledger.events.counts()["posted"] == everything, "every invoice stands", seconds=LONGEST_SECONDS)
    done, took = everything - first, time.monotonic() - began_at
    spent, memory = cpu_seconds(worker.pid) - seconds, most_bytes(worker.pid)
    place.end(worker)
    return Flight(done / took if done else 0.0, spent / max(done, 1), memory)

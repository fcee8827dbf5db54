"""How long every command takes to start: its `--help`, and really, until it does its work.

Each figure is the median of some runs after one that is not counted. The baseline is measured in turn with it and shows
how busy the machine was: Python that loads the libraries we stand on, and nothing of ours.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median

from benchmarks.place import Place, is_up, set_place, until
from benchmarks.table import Row, at_most
from cli.main import COMMANDS
from cli.stage import find_free_port

RUNS, RUNS_IF_QUICK = 5, 1
HELP_SECONDS, START_SECONDS, WORK_SECONDS = 0.2, 0.5, 1.0
LIBRARIES = "import click, flask, redis, requests, rq"
NOBODY = "000000000000"
# With an empty Redis, and nobody at Zoho's address: what they do then takes no time worth mentioning.
ENDING = {
    "approve": ("approve", NOBODY),
    "backfill": ("backfill", "shopify", "empty.jsonl"),
    "check": ("check",),
    "events": ("events",),
    "map": ("map", "shopify", "paid_order"),
    "new-source": ("new-source", "shopify"),
    "reconcile": ("reconcile",),
    "record": ("record", "shopify", "--last", "1", "--into", "recorded"),
    "reject": ("reject", NOBODY),
    "retry": ("retry", "--state", "parked"),
    "schema": ("schema",),
    "send": ("send", "shopify/paid_order", "--url", "http://127.0.0.1:9"),
    "show": ("show", NOBODY),
    "stats": ("stats",),
    "undo": ("undo", NOBODY),
    "warm": ("warm",),
}
# These go through every mapping, or everything in a folder: of Shopify's many examples, and of Wix, with RSA keys.
WORKING = {
    "sources": ("sources",),
    "test-source shopify": ("test-source", "shopify"),
    "test-source wix": ("test-source", "wix"),
}


def run(*, quick: bool) -> list[Row]:
    """`--help` of all, then the starts."""
    runs = RUNS_IF_QUICK if quick else RUNS
    with set_place() as place:
        (place.folder / "empty.jsonl").touch()
        helped = [(f"bookhook {name} --help", partial(_bookhook, place, name, "--help")) for name in COMMANDS]
        ended = [(f"bookhook {name}", partial(_bookhook, place, *words)) for name, words in ENDING.items()]
        working = [(f"bookhook {name}", partial(_bookhook, place, *words)) for name, words in WORKING.items()]
        serving = [
            ("bookhook sandbox, until it answers", partial(_sandbox, place)),
            ("bookhook web, until it is ready", partial(_web, place)),
            ("bookhook worker, until RQ knows it", partial(_worker, place)),
        ]
        return [
            _row(place, "bookhook --help", partial(_bookhook, place, "--help"), runs, limit=HELP_SECONDS),
            *(_row(place, what, start, runs) for what, start in (*helped, *ended, *serving)),
            *(_row(place, what, work, runs, limit=WORK_SECONDS) for what, work in working),
        ]


def _row(place: Place, what: str, start: Callable[[], float], runs: int, *, limit: float = START_SECONDS) -> Row:
    start()
    took = [(start(), _until_end(place, "-c", LIBRARIES)) for _ in range(runs)]
    ours, baseline = (median(seconds) for seconds in zip(*took, strict=True))
    return at_most(what, ours, limit, unit="s", baseline=f"{baseline:.2f} s, Python that loads libraries alone")


def _bookhook(place: Place, *arguments: str) -> float:
    return _until_end(place, "-m", "cli", *arguments)


def _until_end(place: Place, *arguments: str) -> float:
    began = time.monotonic()
    place.start(sys.executable, *arguments).wait()
    seconds = time.monotonic() - began
    said = (place.folder / f"{len(place.running) - 1}.log").read_text()
    assert "Traceback" not in said, said
    return seconds


def _sandbox(place: Place) -> float:
    return _until(place, ("sandbox", "--port", place.sandbox_url.rpartition(":")[2]), lambda: is_up(place.sandbox_url))


def _web(place: Place) -> float:
    port = find_free_port(0)
    return _until(place, ("web", "--port", str(port)), lambda: is_up(f"http://127.0.0.1:{port}/readyz"))


def _worker(place: Place) -> float:
    with place.redis() as redis:
        redis.delete("rq:workers")
        return _until(place, ("worker",), lambda: redis.scard("rq:workers"))


def _until(place: Place, arguments: tuple[str, ...], is_there: Callable[[], object]) -> float:
    """How long it takes until the command is there; then it is ended."""
    began = time.monotonic()
    process = place.bookhook(*arguments)
    until(is_there, f"bookhook {arguments[0]} has started")
    seconds = time.monotonic() - began
    place.end(process)
    return seconds

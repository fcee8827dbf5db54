"""Acknowledging: how many signed orders `bookhook web` records and queues a second, and how soon it says so.

Beside it, on the same machine in the same minutes, two views on gunicorn with two sync workers (baselines/views.py):
one that only answers 202, and one that gives the order to RQ. Load generator, Redis (over TCP) and servers share the
cores. Nobody works on the events meanwhile; that every order acknowledged is recorded and queued is counted in Redis.
"""

import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from redis import Redis

from benchmarks.load import Answers, Load
from benchmarks.place import SHOPIFY_SECRET, Place, is_up, set_place, until
from benchmarks.table import Row, at_least
from cli.stage import find_free_port
from ledger.ledger import Ledger

ROOT = Path(__file__).parents[1]
ORGANIZATION = "10000001"
BARE = "bare Flask view, gunicorn 2 sync"
NAIVE = "Queue.enqueue(order), gunicorn 2 sync"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: rounds, requests in each, and in each that is paced."""

    rounds: int
    requests: int
    paced: int


FULL, QUICK = Size(rounds=7, requests=6000, paced=10_000), Size(rounds=1, requests=300, paced=300)


class Servers:
    """The three servers of a place, each listening on a port of its own."""

    def __init__(self, place: Place) -> None:
        self._numbers = itertools.count(step=100_000)
        self.redis = place.redis()
        self.naive_redis = Redis.from_url(naive := f"{place.redis_url}/1")
        self._ports = {name: find_free_port(0) for name in ("ours", "bare", "naive")}
        place.bookhook("web", "--port", str(self._ports["ours"]))
        for name in ("bare", "naive"):
            address = f"127.0.0.1:{self._ports[name]}"
            options = ["--workers", "2", "--worker-class", "sync", "--bind", address, "--pythonpath", str(ROOT)]
            view = f"benchmarks.baselines.views:{name}"
            place.start(sys.executable, "-m", "gunicorn", *options, view, NAIVE_REDIS_URL=naive)
        until(self._are_up, "the servers answer")

    def load(self, name: str, count: int, rate: float | None = None) -> Answers:
        """Puts a load on one of them, when nothing else goes on; every request is accepted, and kept if it is ours."""
        until(lambda: not self.redis.info("persistence")["aof_rewrite_in_progress"], "Redis has rewritten its file")
        kept = self._kept(name)
        answers = Load(self._ports[name], SHOPIFY_SECRET, next(self._numbers), count, rate).run()
        assert answers.refused == 0, f"{name} refused {answers.refused} requests"
        if kept is not None:
            now_kept = self._kept(name)
            assert now_kept == [before + count for before in kept], f"{name} kept {now_kept}, before {kept}"
        return answers

    def _kept(self, name: str) -> list[int] | None:
        """How many orders are recorded, and how many of them are queued."""
        if name == "ours":
            waiting = self.redis.zcard(f"bh:ready:{ORGANIZATION}") + self.redis.llen("rq:queue:bookhook")
            return [Ledger(self.redis).events.counts()["queued"], waiting]
        return [self.naive_redis.llen("rq:queue:orders")] if name == "naive" else None

    def _are_up(self) -> bool:
        return all(is_up(f"http://127.0.0.1:{port}/readyz") for port in self._ports.values())


def run(*, quick: bool) -> list[Row]:
    """The rows of this benchmark."""
    size = QUICK if quick else FULL
    with serve("everysec") as servers:
        ours, bare, naive = measure_peaks(servers, size, "ours", "bare", "naive")
        rows = [
            at_least("acknowledged, appendfsync everysec", ours, bare, 0.75, unit="/s", named=BARE),
            at_least("acknowledged, appendfsync everysec", ours, naive, 3, unit="/s", named=NAIVE),
            measure_waiting(servers, size, rate=bare / 2),
        ]
    with serve("always") as servers:
        ours, bare = measure_peaks(servers, size, "ours", "bare")
        rows.append(at_least("acknowledged, appendfsync always", ours, bare, 0.6, unit="/s", named=BARE))
    return rows


@contextmanager
def serve(appendfsync: str) -> Iterator[Servers]:
    """The servers over a Redis of their own, warm."""
    with set_place(appendfsync=appendfsync, over="tcp", BOOKHOOK_LOG_LEVEL="INFO") as place:
        servers = Servers(place)
        for name in ("ours", "bare", "naive"):
            servers.load(name, 200)
        yield servers


def measure_peaks(servers: Servers, size: Size, *names: str) -> list[float]:
    """The median of what each of the servers does in a second, measured in turns."""
    found = {name: list[float]() for name in names}
    for _ in range(size.rounds):
        for name in names:
            found[name].append(servers.load(name, size.requests).per_second)
    return [median(found[name]) for name in names]


def measure_waiting(servers: Servers, size: Size, *, rate: float) -> Row:
    """How long the slowest in a hundred wait at that rate, ours and the bare view's, medians."""
    found = {name: list[float]() for name in ("ours", "bare")}
    for _ in range(size.rounds):
        for name, times in found.items():
            times.append(servers.load(name, size.paced, rate).p99)
    ours, bare = median(found["ours"]), median(found["bare"])
    return Row(
        what=f"p99 at {rate:,.0f} requests/s, half the bare view's peak",
        ours=f"{ours:.1f} ms",
        baseline=f"{bare:.1f} ms, {BARE}",
        ratio=f"{ours / bare:.2f}",
        limit="below 3",
        is_within=ours < 3 * bare,
    )

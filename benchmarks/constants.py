"""The constants that docs/scaling.md reckons with: what an event costs a Redis, a door and a worker.

CPU is counted by the kernel and by Redis, so it says little about how busy the machine was meanwhile; one order is one
invoice, marked as sent and paid, of a buyer in ten. Zoho is the sandbox and answers at once.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests
from redis import Redis

from benchmarks.place import SHOPIFY_SECRET, Place, is_up, set_place, until
from benchmarks.table import Row
from cli.send import deliver, find_example
from cli.stage import find_free_port
from ledger.ledger import Ledger
from mappings import BUILT_IN, Example, load_sources

THREADS = 8
SENDERS = 8
BUYERS = 10
IDLE_SECONDS = 10.0
ORGANIZATION = "10000001"
SHOPIFY = load_sources(BUILT_IN)["shopify"]
MODEL = find_example({"shopify": SHOPIFY}, "shopify/paid_order")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
KEPT_FOR_EVER = ("bh:document:*", "bh:documents:*", "bh:posted:*", "bh:zoho:*", "bh:order:*")


def run(*, quick: bool) -> list[Row]:
    """Every constant, each a row without a limit."""
    orders = 50 if quick else 2000
    with set_place(BOOKHOOK_PAYMENTS="record") as place, place.redis() as redis:
        place.start_sandbox()
        return [*_measure_flow(place, redis, orders), *_measure_many_organizations(redis, quick=quick)]


def _measure_flow(place: Place, redis: Redis, orders: int) -> Iterator[Row]:
    web_url = f"http://127.0.0.1:{(port := find_free_port(0))}"
    web = place.bookhook("web", "--port", str(port))
    until(lambda: is_up(f"{web_url}/readyz"), "web is ready")
    worker = place.bookhook("worker", "--threads", str(THREADS))
    ledger = Ledger(redis)
    _send(web_url, range(-BUYERS, 0))  # what is done but once
    until(lambda: ledger.events.counts()["posted"] == BUYERS, "the first are posted")
    worker.send_signal(signal.SIGSTOP)
    with _spent(redis, web.pid) as door:
        _send(web_url, range(orders))
    yield _row("acknowledging, CPU of the web processes", f"{door.process_ms / orders:.2f} ms")
    yield _row("acknowledging, CPU of Redis", f"{door.redis_us / orders:.0f} µs")
    yield _row("acknowledging, commands in Redis", f"{door.commands / orders:.0f}, those inside scripts too")
    yield _row("memory in Redis of an event that waits", f"{door.memory / orders:,.0f} bytes")
    with _spent(redis, worker.pid) as work:
        worker.send_signal(signal.SIGCONT)
        until(lambda: ledger.events.backlog(ORGANIZATION) == 0, "all is posted", 600)
    assert ledger.events.counts()["posted"] == orders + BUYERS
    yield _row("working, CPU of the worker process", f"{work.process_ms / orders:.1f} ms")
    yield _row("working, CPU of Redis", f"{work.redis_us / orders:.0f} µs")
    yield _row("working, commands in Redis", f"{work.commands / orders:.0f}, those inside scripts too")
    calls: dict[str, int] = requests.get(f"{place.sandbox_url}/_sandbox/records", timeout=60).json()["calls"]
    yield _row("calls to Zoho", f"{sum(calls.values()) / orders:.1f}")
    yield _row("memory in Redis of a finished event", f"{(door.memory + work.memory) / orders:,.0f} bytes")
    yield _row("of which for ever", f"{_size_of(redis, *KEPT_FOR_EVER) / orders:,.0f} bytes")
    yield from _measure_idleness(redis, web.pid, worker.pid)


def _measure_idleness(redis: Redis, web: int, worker: int) -> Iterator[Row]:
    with _spent(redis, worker) as idle:
        time.sleep(IDLE_SECONDS)
    yield _row(f"an idle worker of {THREADS} threads, CPU", f"{idle.process_ms / IDLE_SECONDS:.0f} ms a second")
    yield _row("what it costs Redis", f"{idle.redis_us / IDLE_SECONDS / 1000:.1f} ms a second")
    yield _row("memory of a worker process", f"{_memory_of(worker) / 1e6:.0f} MB")
    yield _row("memory of `bookhook web`, all its processes", f"{_memory_of(web) / 1e6:.0f} MB")


def _measure_many_organizations(redis: Redis, *, quick: bool) -> Iterator[Row]:
    """What a worker's look for what is due costs Redis where many organizations have ever had an event."""
    ledger = Ledger(redis)
    for organizations in (10, 1_000) if quick else (10, 1_000, 10_000):
        redis.sadd("bh:organizations", *(f"9{number:07}" for number in range(organizations)))
        with _spent(redis, os.getpid()) as looks:
            for _ in range(20):
                ledger.events.wake()
        yield _row(
            f"one look for what is due, {organizations:,} organizations, CPU of Redis", f"{looks.redis_us / 20:.0f} µs"
        )


@dataclass
class Spent:
    """What was spent: CPU of a process and its children, of Redis, its commands and its memory."""

    process_ms: float = 0
    redis_us: float = 0
    commands: int = 0
    memory: int = 0


@contextmanager
def _spent(redis: Redis, pid: int) -> Iterator[Spent]:
    spent = Spent()
    before, process_before = _info(redis), _cpu_ms_of(pid)
    yield spent
    after = _info(redis)
    spent.process_ms = _cpu_ms_of(pid) - process_before
    spent.redis_us = sum(after[name] - before[name] for name in ("used_cpu_user", "used_cpu_sys")) * 1e6
    spent.commands = after["total_commands_processed"] - before["total_commands_processed"]
    spent.memory = after["used_memory"] - before["used_memory"]


def _info(redis: Redis) -> dict[str, Any]:
    return dict(redis.info())  # type: ignore[arg-type]


def _family(pid: int) -> list[int]:
    """The process and those it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def _cpu_ms_of(pid: int) -> float:
    fields = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in _family(pid)]
    return sum(int(each[11]) + int(each[12]) for each in fields) * 1000 / TICKS_A_SECOND


def _memory_of(pid: int) -> int:
    """Bytes, what the processes share counted once (proportional set size)."""
    rollups = [Path(f"/proc/{each}/smaps_rollup").read_text() for each in _family(pid)]
    lines = [line for text in rollups for line in text.splitlines() if line.startswith("Pss:")]
    return sum(int(line.split()[1]) for line in lines) * 1024


def _size_of(redis: Redis, *patterns: str) -> int:
    keys = [key for pattern in patterns for key in redis.scan_iter(pattern, count=1000)]
    return sum(int(redis.memory_usage(key, samples=0) or 0) for key in keys)  # type: ignore[arg-type]


def _send(url: str, numbers: range) -> None:
    with ThreadPoolExecutor(SENDERS) as pool:
        for _ in pool.map(lambda share: _send_share(url, share), [numbers[first::SENDERS] for first in range(SENDERS)]):
            pass


def _send_share(url: str, numbers: range) -> None:
    with requests.Session() as session:
        for number in numbers:
            deliver(session, url, SHOPIFY, _order(number), secret=SHOPIFY_SECRET).raise_for_status()


def _order(number: int) -> Example:
    headers = {name: value for name, value in MODEL.headers.items() if "Id" not in name}
    buyer = number % BUYERS
    body = {**json.loads(MODEL.body), "id": 10**9 + number, "name": f"#{number}", "email": f"b{buyer}@example.com"}
    body["customer"] = {**body["customer"], "last_name": f"Buyer {buyer}"}
    return replace(MODEL, body=json.dumps(body).encode(), headers=headers)


def _row(what: str, ours: str) -> Row:
    return Row(what=what, ours=ours)

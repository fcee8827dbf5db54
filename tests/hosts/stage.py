"""What runs on the hosts: a Redis, Zoho, two `bookhook web` and two `bookhook worker`, each on a host of its own."""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import requests
from redis import Redis
from rq import Worker as RqWorker
from rq.serializers import JSONSerializer

from config.embedded import find_server
from config.redis_client import connect_redis
from ledger.ledger import Ledger
from tests.chaos.plan import Plan
from tests.chaos.recovery import AT_WORK, jobs_of
from tests.chaos.sender import Sender
from tests.chaos.stage import Program, Warden
from tests.chaos.verdict import Verdict, judge_books, judge_events, read_records
from tests.e2e.conftest import is_up, until
from tests.hosts.network import ZOHO_ADDRESS, Network
from tests.scene import settings_for
from zoho.quota import WINDOW_SECONDS

BOTH = ("inner", "outer")
WEBS, WORKERS = ("web-1", "web-2"), ("worker-a", "worker-b")
HOSTS = {"redis": ("inner",), "zoho": ("outer",), **dict.fromkeys(WEBS + WORKERS, BOTH)}
ZOHO_URL = f"http://{ZOHO_ADDRESS}:8099"
ORGANIZATION = "10000001"
PASSWORD = "swordfish"
OPEN = ("queued", "working", "waiting")
THREADS = 4
# Shorter than in life, and in its proportions: what was cut off is decided while the cable is still out.
TIMEOUT_SECONDS, SETTLE_SECONDS = 5, 6
CALLS_PER_MINUTE, CALLS_AT_ONCE = 300, 10
SLOW_CALLS = ("POST /invoices", "POST /customerpayments", "POST /creditnotes", "POST /expenses")
ENDING_SECONDS = 60.0


@dataclass
class Stage:
    """Everything that runs, and what is said and known of it."""

    network: Network
    programs: Mapping[str, Program]
    redis: Redis
    busiest_minute: int = 0

    @property
    def web_urls(self) -> list[str]:
        """Where webhooks go."""
        return [f"http://{self.network.address(web, 'outer')}:8000" for web in WEBS]

    @property
    def ledger(self) -> Ledger:
        """What has happened, in the Redis of all hosts."""
        return Ledger(self.redis)

    def records(self) -> dict[str, Any]:
        """What Zoho holds and has counted."""
        return read_records(requests.get(f"{ZOHO_URL}/_sandbox/records", timeout=10).text)

    def slow_down(self, *, seconds: float) -> None:
        """From now on Zoho takes its time for what it creates, and saves it at the beginning or at the end of that."""
        slow = [(call, "timeout_after_saving", 0.5) for call in SLOW_CALLS]
        slow += [(call, "save_after_timeout", 1) for call in SLOW_CALLS]
        faults = [{"on": on, "do": do, "share": share, "seconds": seconds} for on, do, share in slow]
        requests.post(f"{ZOHO_URL}/_sandbox/faults", json=faults, timeout=10).raise_for_status()

    def speed_up(self) -> None:
        """Zoho is as quick as before with whatever comes from now on."""
        requests.delete(f"{ZOHO_URL}/_sandbox/faults", timeout=10).raise_for_status()

    def posted_by(self, worker: str) -> int:
        """How many documents the worker says it has posted."""
        return self._said(worker, "document_posted")

    def handed_to(self, worker: str) -> list[str]:
        """The events a worker is at, or was given to be."""
        jobs = jobs_of(self.redis, self.programs[worker].process.pid)
        events = [self.ledger.events.get(event_id.decode()) for event_id in jobs]
        return [event.event_id for event in events if event is not None and event.state in AT_WORK]

    def is_sending(self, worker: str, *, documents: int) -> bool:
        """Whether the worker has so many calls under way of which nobody knows yet what becomes of them."""
        under_way = [
            record
            for event in self.handed_to(worker)
            for record in self.ledger.documents.of(event)
            if record.state == "posting"
        ]
        return len(under_way) >= documents

    def at_work(self, worker: str, *, since: float = 0.0) -> int:
        """How many workers of its process RQ has heard from since then (unix seconds)."""
        pid = str(self.programs[worker].process.pid)
        workers = RqWorker.all(connection=self.redis, serializer=JSONSerializer)
        return sum(str(each.pid) == pid and _heard_at(each) >= since for each in workers)

    def with_step(self, step: str) -> set[str]:
        """The events in whose timeline the step is."""
        return {event.event_id for event in self.ledger.events.list() if self.has_step(event.event_id, step)}

    def has_step(self, event_id: str, step: str) -> bool:
        """Whether the step is in the event's timeline."""
        return step in {each.step for each in self.ledger.events.timeline(event_id)}

    def was_taken_over(self, event_id: str) -> bool:
        """Whether another worker took the event over; or nobody had to, as it had ended or was another's by then."""
        event = self.ledger.events.get(event_id)
        return self.has_step(event_id, "taken_back") or event is None or event.state not in OPEN

    def watch_quota(self, stop: threading.Event) -> None:
        """Notes, until `stop` is set, the most calls that all hosts together have counted in a minute."""
        while not stop.wait(0.2):
            counted = self.redis.zcount(f"bh:quota:{ORGANIZATION}:minute", time.time() - WINDOW_SECONDS, "+inf")
            self.busiest_minute = max(self.busiest_minute, int(counted))  # type: ignore[arg-type]

    def spooled(self, web: str) -> int:
        """How many events wait on the host's disk."""
        answer = requests.get(f"{self.web_urls[WEBS.index(web)]}/readyz", timeout=10)
        return int(answer.json()["spooled"])

    def _said(self, program: str, word: str) -> int:
        log = self.programs[program].folder / f"{program}.log"
        lines = (line for line in log.read_text().splitlines() if line.startswith("{"))
        return sum(json.loads(line).get("event") == word for line in lines)


@contextmanager
def set_stage(network: Network, folder: Path, *, code: Path) -> Iterator[Stage]:
    """Everything up and ready, and gone at the end; `code` holds the packages that are run."""
    warden = Warden()
    programs = {name: _program(network, name, folder, code, warden) for name in HOSTS}
    address = f"redis://:{PASSWORD}@{network.address('redis', 'inner')}:6379"
    try:
        with connect_redis(address) as redis:
            stage = Stage(network, programs, redis)
            for program in programs.values():
                program.start()
            for url in (f"{ZOHO_URL}/_sandbox/faults", *(f"{web}/readyz" for web in stage.web_urls)):
                until(partial(is_up, url), f"{url} answers")
            limits = {"per_minute": CALLS_PER_MINUTE, "concurrent": CALLS_AT_ONCE}
            requests.post(f"{ZOHO_URL}/_sandbox/limits", json=limits, timeout=10).raise_for_status()
            until(lambda: all(stage.at_work(worker) == 1 for worker in WORKERS), "the workers are there")
            with _beside(stage.watch_quota):
                yield stage
    finally:
        warden.end()


def _heard_at(worker: RqWorker) -> float:
    return worker.last_heartbeat.timestamp() if worker.last_heartbeat else 0.0


@contextmanager
def _beside(job: Callable[[threading.Event], None]) -> Iterator[None]:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(job, stop)
        try:
            yield
        finally:
            stop.set()
        running.result()


def _program(network: Network, name: str, folder: Path, code: Path, warden: Warden) -> Program:
    home = folder / name
    home.mkdir()
    bookhook = [sys.executable, "-m", "cli"]
    commands = {
        "redis": [str(find_server()), *_redis_options(network.address("redis", "inner"), home)],
        "zoho": [*bookhook, "sandbox", "--host", ZOHO_ADDRESS],
        **{worker: [*bookhook, "worker", "--threads", str(THREADS)] for worker in WORKERS},
        **{web: [*bookhook, "web", "--host", network.address(web, "outer")] for web in WEBS},
    }
    environ = _environ(network, home, code)
    return Program(name, network.command_in(name, *commands[name]), environ, folder, warden)


def _environ(network: Network, home: Path, code: Path) -> dict[str, str]:
    address = network.address("redis", "inner")
    return {
        "PATH": os.environ["PATH"],
        **settings_for(ZOHO_URL, f"redis://:{PASSWORD}@{address}:6379"),
        "BOOKHOOK_HOME": str(home),
        "BOOKHOOK_SETTLE_SECONDS": str(SETTLE_SECONDS),
        "ZOHO_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
        "ZOHO_CALLS_PER_MINUTE": str(CALLS_PER_MINUTE),
        "ZOHO_CONCURRENT_CALLS": str(CALLS_AT_ONCE),
        "ZOHO_QUOTA_HEADROOM": "0",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(code),
    }


def _redis_options(address: str, home: Path) -> list[str]:
    options = {"bind": address, "port": "6379", "requirepass": PASSWORD, "dir": str(home), "save": ""}
    options |= {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
    return [word for name, value in options.items() for word in (f"--{name}", value)]


@contextmanager
def sent(stage: Stage, plan: Plan, *, seconds: float) -> Iterator[Sender]:
    """Webhooks come in, spread over so many seconds; at the end all were acknowledged."""
    sender = Sender(plan, stage.web_urls, ZOHO_URL, seconds, threading.Event())
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(sender.send_all)
        try:
            yield sender
            sending.result()
        finally:
            sender.stop.set()
    assert sender.unacknowledged == []


def await_end(stage: Stage, plan: Plan) -> None:
    """Returns when every event has ended."""

    def has_ended() -> bool:
        recorded = sum(stage.ledger.events.counts().values())
        return recorded >= len(plan.requests) and stage.ledger.events.backlog(ORGANIZATION) == 0

    until(has_ended, "every event has ended", ENDING_SECONDS)


def count_books(stage: Stage, plan: Plan, sender: Sender) -> list[str]:
    """What is wrong in the books, and what Zoho had to refuse; nothing if all is well."""
    verdict, records = Verdict(), stage.records()
    judge_books(verdict, plan, records)
    judge_events(verdict, plan, stage.ledger, told=sender.told, sandbox_url=ZOHO_URL)
    refused = [f"Zoho refused {count} calls: {limit}" for limit, count in records["refused"].items()]
    return [*verdict.lines, *refused]

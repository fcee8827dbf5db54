"""The platforms: each delivery is signed and sent until it is acknowledged, as platforms do."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

import click
import requests

from cli.send import deliver
from mappings.examples import Example
from tests.chaos.plan import Delivery, Plan
from tests.chaos.shops import request_for
from tests.scene import SOURCES, two_secrets

THREADS = 16
PATIENCE_SECONDS = 150.0
PAUSE_SECONDS = 0.4
# Platforms wait for nobody, but a machine that is too small for its load proves nothing.
BACKLOG = 200


@dataclass
class Sender:
    """Sends a plan within about `seconds`; `backlog` says how many events have not ended yet."""

    plan: Plan
    urls: list[str]
    sandbox_url: str
    seconds: float
    stop: threading.Event
    backlog: int = 0
    answers: "Counter[str]" = field(default_factory=Counter)
    acknowledged: int = 0
    unacknowledged: list[str] = field(default_factory=list)
    told: dict[int, set[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _sessions: threading.local = field(default_factory=threading.local)

    def send_all(self) -> None:
        """Returns when every delivery is acknowledged or given up."""
        begun, waited = time.monotonic(), 0.0
        with ThreadPoolExecutor(THREADS) as pool:
            for number, delivery in enumerate(self.plan.deliveries):
                pause = begun + waited + delivery.at * self.seconds - time.monotonic()
                if pause > 0 and self.stop.wait(pause):
                    return
                waited += self._let_backlog_shrink()
                pool.submit(self._deliver, number, delivery)

    def _let_backlog_shrink(self) -> float:
        since = time.monotonic()
        while self.backlog > BACKLOG and not self.stop.wait(0.1):
            pass
        return time.monotonic() - since

    def _deliver(self, number: int, delivery: Delivery) -> None:
        request = self.plan.requests[delivery.request]
        example = request_for(request.thing, self.sandbox_url)
        dice = Random(number)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and not self.stop.is_set():
            answer = self._try(example, dice.choice(self.urls))
            if answer is not None and answer.ok:
                self._note(delivery.request, answer)
                return
            self.stop.wait(PAUSE_SECONDS * (0.5 + dice.random()))
        with self._lock:
            self.unacknowledged.append(f"{request.thing.source} {request.thing.reference}")

    def _try(self, example: Example, url: str) -> requests.Response | None:
        source = SOURCES[example.source]
        if not hasattr(self._sessions, "session"):
            self._sessions.session = requests.Session()
        try:
            answer = deliver(self._sessions.session, url, source, example, secret=two_secrets(source)[0])
        except click.ClickException:
            answer = None
        with self._lock:
            self.answers[str(answer.status_code) if answer is not None else "no answer"] += 1
        return answer

    def _note(self, request: int, answer: requests.Response) -> None:
        with self._lock:
            self.acknowledged += 1
            if "event_id" in answer.text:
                self.told.setdefault(request, set()).add(answer.json()["event_id"])

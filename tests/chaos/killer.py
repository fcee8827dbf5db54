"""What goes wrong on this side: processes killed with -9 every one to three seconds, each started again at once."""

import os
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import requests
from redis.exceptions import RedisError

from tests.chaos.faults import expired_tokens
from tests.chaos.recovery import INTERMEDIATE, QUEUE, Recovery, jobs_in
from tests.chaos.stage import Program, Stage

# What happens, and how often in a hundred times.
CHANCES = {
    "worker": 50,
    "worker stopped": 7,  # SIGTERM: it finishes or hands back
    "worker frozen": 5,  # longer than its leases last, then it goes on as if nothing had been
    "web": 8,  # with all its processes
    "web alone": 4,  # its first process, and none of those it started
    "web process": 10,  # one of those
    "redis": 14,
    "rq keys lost": 3,
}
FROZEN_SECONDS = 18.0
STOP_SECONDS = 10.0
# Zoho gives ten tokens in ten minutes; a few are asked for again by the killed.
TOKEN_SECONDS = 100.0
WATCH_SECONDS = 0.2


@dataclass
class Killer:
    """Kills until `calm` is set; also the supervisor, which starts again whatever ended by itself."""

    stage: Stage
    recovery: Recovery
    dice: Random
    kills: "Counter[str]" = field(default_factory=Counter)
    slowest_stop: float = 0.0
    problems: list[str] = field(default_factory=list)
    _frozen: dict[str, float] = field(default_factory=dict)
    _calm: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def kill_on(self) -> None:
        """Kills something every one to three seconds until it is calm; a worker lives about as long as its leases."""
        tokens_at = time.monotonic() + 10
        while not self._calm.wait(self.dice.uniform(1.0, 2.8)):
            [what] = self.dice.choices(list(CHANCES), list(CHANCES.values()))
            with self._lock:
                self._strike(what)
            if time.monotonic() > tokens_at:
                tokens_at = time.monotonic() + TOKEN_SECONDS
                with suppress(requests.RequestException):
                    self.stage.control("POST", "faults", expired_tokens())

    def supervise(self) -> None:
        """Starts again what ended by itself and thaws what was frozen, until the end."""
        while not self._ended.wait(WATCH_SECONDS):
            with self._lock:
                self._thaw(time.monotonic())
                for program in (*self.stage.webs, *self.stage.workers):
                    if not program.is_running:
                        self.kills[f"{program.name.split('-')[0]} ended by itself"] += 1
                        program.kill()
                        program.start()

    def calm_down(self) -> None:
        """Kills nothing more."""
        self._calm.set()

    def end(self) -> None:
        """Watches nothing more."""
        self._ended.set()

    def _strike(self, what: str) -> None:
        self.kills[what] += 1
        worker = self.dice.choice([each for each in self.stage.workers if each.name not in self._frozen])
        if what == "worker":
            self._kill_worker(worker)
        elif what == "worker stopped":
            self._stop_worker(worker)
        elif what == "worker frozen":
            self._freeze_worker(worker)
        elif what == "redis":
            self._kill_redis()
        elif what == "rq keys lost":
            self._lose_rq_keys()
        else:
            self._kill_web(self.dice.choice(self.stage.webs), what)

    def _kill_worker(self, worker: Program) -> None:
        pid, killed_at = worker.process.pid, time.time()
        worker.kill()
        self.recovery.lost_worker(pid, killed_at)
        worker.start()

    def _stop_worker(self, worker: Program) -> None:
        seconds = worker.stop(STOP_SECONDS + 5)
        if seconds is None or seconds > STOP_SECONDS:
            self.problems.append(f"{worker.name} had not ended {seconds or STOP_SECONDS + 5:.0f} s after SIGTERM")
        self.slowest_stop = max(self.slowest_stop, seconds or STOP_SECONDS + 5)
        worker.start()

    def _freeze_worker(self, worker: Program) -> None:
        if self._frozen:
            return
        self._frozen[worker.name] = time.monotonic() + FROZEN_SECONDS
        worker.process.send_signal(signal.SIGSTOP)
        self.recovery.lost_worker(worker.process.pid, time.time())

    def _thaw(self, now: float) -> None:
        for worker in self.stage.workers:
            if self._frozen.get(worker.name, now) < now:
                del self._frozen[worker.name]
                worker.process.send_signal(signal.SIGCONT)

    def _kill_redis(self) -> None:
        killed_at = time.time()
        self.stage.redis.kill()
        self.stage.restart_redis()
        self.recovery.lost_redis(killed_at)

    def _lose_rq_keys(self) -> None:
        """All that RQ knows is gone, as after a slip of the hand; the ledger is not."""
        with suppress(RedisError), self.stage.client() as redis:
            lost_at, jobs = time.time(), jobs_in(redis, QUEUE, INTERMEDIATE)
            redis.delete("rq:queues", *redis.scan_iter("rq:*", count=1000))
            self.recovery.lost_queue(jobs, lost_at)

    def _kill_web(self, web: Program, what: str) -> None:
        children = web.children()
        if what == "web" or not children:
            web.kill()
            web.start()
        elif what == "web alone":
            web.kill_first()
            web.start()
        else:
            with suppress(ProcessLookupError):
                os.kill(self.dice.choice(children), signal.SIGKILL)

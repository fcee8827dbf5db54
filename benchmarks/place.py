"""What benchmarks run against: a Redis, a sandbox and `bookhook` commands of their own, gone at the end."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from redis import Redis
from redis.exceptions import RedisError

from cli.stage import find_free_port
from config.embedded import find_server
from config.redis_client import connect_redis

START_SECONDS = 30.0
STOP_SECONDS = 15.0
SHOPIFY_SECRET = "benchmark-secret"


@dataclass
class Place:
    """A folder, a Redis and the settings of a deployment; `start` runs commands in it."""

    folder: Path
    redis_url: str
    sandbox_url: str
    environ: dict[str, str]
    running: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def start(self, *command: str, **environ: str) -> "subprocess.Popen[bytes]":
        """Starts a program in a process group of its own; what it says goes to a file of the folder."""
        with (self.folder / f"{len(self.running)}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env={**self.environ, **environ},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def bookhook(self, *arguments: str, **environ: str) -> "subprocess.Popen[bytes]":
        """Starts a `bookhook` command."""
        return self.start(sys.executable, "-m", "cli", *arguments, **environ)

    def redis(self) -> Redis:
        """A new client of the Redis."""
        return connect_redis(self.redis_url)

    def start_sandbox(self) -> None:
        """Starts the sandbox and returns when it answers."""
        self.bookhook("sandbox", "--port", self.sandbox_url.rpartition(":")[2])
        until(lambda: is_up(f"{self.sandbox_url}/_sandbox/faults"), "the sandbox answers")

    def control(self, path: str, body: object) -> None:
        """Tells the sandbox something: reset, limits, faults."""
        requests.post(f"{self.sandbox_url}/_sandbox/{path}", json=body, timeout=60).raise_for_status()

    def records(self) -> dict[str, Any]:
        """What the sandbox holds."""
        answer = requests.get(f"{self.sandbox_url}/_sandbox/records", timeout=60)
        answer.raise_for_status()
        held: dict[str, Any] = answer.json()
        return held

    def end(self, process: "subprocess.Popen[bytes]") -> None:
        """Asks a program to end, and ends it if it does not."""
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def set_place(*, appendfsync: str = "everysec", over: str = "unix", **environ: str) -> Iterator[Place]:
    """A new place with an empty Redis, reached over `unix` or `tcp`; everything started in it ends with the context."""
    with tempfile.TemporaryDirectory(prefix="bookhook-bench-") as name:
        folder = Path(name)
        address = folder / "redis.sock"
        port = find_free_port(0) if over == "tcp" else 0
        url = f"redis://127.0.0.1:{port}" if port else f"unix://{address}"
        place = Place(folder, url, f"http://127.0.0.1:{find_free_port(0)}", {})
        place.environ |= _settings(place) | environ
        try:
            place.start(str(find_server()), *_redis_options(folder, address, appendfsync), "--port", str(port))
            until(lambda: _answers(place), "Redis answers")
            yield place
        finally:
            for process in reversed(place.running):
                place.end(process)


def _settings(place: Place) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "BOOKHOOK_HOME": str(place.folder),
        "BOOKHOOK_LOG_LEVEL": "WARNING",
        "REDIS_URL": place.redis_url,
        "SHOPIFY_WEBHOOK_SECRET": SHOPIFY_SECRET,
        "ZOHO_ACCOUNTS_URL": place.sandbox_url,
        "ZOHO_API_URL": f"{place.sandbox_url}/books/v3",
        "ZOHO_CLIENT_ID": "benchmark",
        "ZOHO_CLIENT_SECRET": "sandbox-secret",
        "ZOHO_REFRESH_TOKEN": "sandbox-refresh",
        "ZOHO_ORGANIZATION_ID": "10000001",
        "ZOHO_CALLS_PER_MINUTE": "1000000",
        "ZOHO_CALLS_PER_DAY": "100000000",
        "ZOHO_CONCURRENT_CALLS": "1000",
        "BOOKHOOK_PAYMENTS": "none",
    }


def _redis_options(folder: Path, address: Path, appendfsync: str) -> list[str]:
    options = {"bind": "127.0.0.1", "unixsocket": str(address), "dir": str(folder), "save": "", "appendonly": "yes"}
    options |= {"appendfsync": appendfsync, "maxmemory-policy": "noeviction"}
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def _answers(place: Place) -> bool:
    try:
        with place.redis() as client:
            return bool(client.ping())
    except RedisError:
        return False


def is_up(url: str) -> bool:
    """Whether somebody answers there."""
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


def until(condition: Callable[[], object], what: str, seconds: float = START_SECONDS) -> None:
    """Returns when the condition holds; raises TimeoutError with what did not happen in time."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} seconds: {what}")
        pause.wait(0.02)

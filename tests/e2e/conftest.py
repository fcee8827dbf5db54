"""Real processes: `bookhook` commands as people start them, over a real Redis and the sandbox."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from cli.stage import find_free_port

PATIENCE_SECONDS = 30.0


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Returns when the condition holds; fails with what did not happen in time."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds:.0f} seconds: {what}"
        pause.wait(0.05)


@dataclass
class Processes:
    """Starts `bookhook` commands and ends them all at the end of the test."""

    environ: dict[str, str]
    folder: Path
    running: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{len(self.running)}-{command[0]}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "cli", *command], env=self.environ, cwd=self.folder, stdout=log, stderr=log
            )
        self.running.append(process)
        return process

    def start_web(self) -> str:
        url = f"http://127.0.0.1:{(port := find_free_port(0))}"
        self.start("web", "--port", str(port))
        until(lambda: is_up(f"{url}/readyz"), "web is ready")
        return url

    def end(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.running:
            process.wait(20)


def is_up(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


@pytest.fixture
def processes(environ: dict[str, str], redis: object, tmp_path: Path) -> Iterator[Processes]:
    started = Processes({"PATH": os.environ["PATH"], **environ}, tmp_path)
    yield started
    started.end()

"""`bookhook` commands as processes of our own, none of which outlives us.

Each is at the head of a session of its own: a terminal's Ctrl-C reaches us only, and we end them in order.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import click

from cli.interrupts import ignore_interrupts, uninterrupted

START_SECONDS = 30.0
STOP_SECONDS = 15.0
KILL_SECONDS = 2.0
POLL_SECONDS = 0.05
MOST_SAID = 2000


@dataclass(frozen=True, slots=True)
class Child:
    """One command that runs, and what it says."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def says(self, text: str) -> bool:
        """Whether it has said this."""
        return text in self.log.read_text(errors="replace")

    def failure(self, what: str) -> click.ClickException:
        """The error that tells what went wrong with it, and what it said."""
        return click.ClickException(f"{self.log.stem} {what}. It said:\n{self._last_words()}")

    def _last_words(self) -> str:
        return self.log.read_text(errors="replace")[-MOST_SAID:].strip() or "nothing"


@dataclass(frozen=True, slots=True)
class Children:
    """Commands that run with the same environment in the same folder, where their logs are."""

    environ: Mapping[str, str]
    folder: Path
    running: list[Child] = field(default_factory=list)

    def start(self, *command: str) -> Child:
        """Starts a command."""
        log = self.folder / f"{command[0]}.log"
        with log.open("wb") as said, uninterrupted():
            process = subprocess.Popen(  # noqa: S603  our own command with our own arguments
                [sys.executable, "-m", "cli", *command],
                env=dict(self.environ),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
            self.running.append(child := Child(process, log))
        return child

    def wait_until_up(self, child: Child, is_up: Callable[[], bool]) -> None:
        """Returns when it is up; raises ClickException when it is not in time, or at once when any has ended."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            for each in self.running:
                if each.process.poll() is not None:
                    raise each.failure("ended as soon as it was started")
            if is_up():
                return
            time.sleep(POLL_SECONDS)
        raise child.failure(f"did not start within {START_SECONDS:.0f} seconds")


@contextmanager
def children(environ: Mapping[str, str], folder: Path) -> Iterator[Children]:
    """Commands to be started; at the end all of them have ended, and nothing can interrupt that."""
    started = Children(environ, folder)
    try:
        yield started
    finally:
        ignore_interrupts()
        _end([child.process for child in started.running])


def _end(processes: "Iterable[subprocess.Popen[bytes]]") -> None:
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        _kill_group(process)
        process.wait()


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    """Kills it and whatever it has left behind, and waits a moment for these to be gone."""
    deadline = time.monotonic() + KILL_SECONDS
    with suppress(ProcessLookupError, PermissionError):  # none is left; macOS says so in the second way
        while time.monotonic() < deadline:
            os.killpg(process.pid, signal.SIGKILL)
            process.poll()
            time.sleep(POLL_SECONDS)

"""Where mappings are tried for the console: a process for each try, without secrets, killed when its time is over."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import simplejson
import structlog

import cli
from cli.deployment import Deployment
from cli.dry_run import set_stage
from cli.tryout.script import Script, write
from console.tryouts import Problem, Request, TooBusy, Tried, Version

SECONDS = 5.0
AT_ONCE = 2  # of the console's eight threads: the others serve pages meanwhile
WAIT_SECONDS = 0.2
# What the process needs of the environment: where its code is, and that it is alone.
ENVIRON = {
    "PYTHONPATH": str(Path(cli.__file__).parents[1]),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUTF8": "1",
    "PYTHONIOENCODING": "utf-8:replace",  # a mapping can make half a character, which no page could hold
}
COMMAND = (sys.executable, "-P", "-s", "-m", "cli.tryout")
TOO_LONG = "It took longer than {seconds:g} seconds and was stopped: look for a pattern in match() that tries too much."
TOO_MUCH = "It needed too much memory or time, and was stopped."
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Played:
    """What the process wrote, line by line, and whether it was stopped for taking too long."""

    lines: list[Any]
    is_late: bool


class TryoutRoom:
    """Tries mappings of a deployment's sources; `seconds` is how long one try may take."""

    def __init__(self, deployment: Deployment, *, seconds: float = SECONDS) -> None:
        self._deployment = deployment
        self._seconds = seconds
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def try_out(self, source: str, connection: str | None, version: Version, request: Request) -> Tried:
        """What would come of each event of the request: one outcome, a list. Raises TooBusy."""
        return self._try(self._script(source, connection, (version,), [request]))

    def compare(
        self, source: str, connection: str, live: Version, edited: Version, requests: Sequence[Request]
    ) -> Tried:
        """What would come of each request otherwise than now: `verdict` and `rows`. Raises TooBusy."""
        return self._try(self._script(source, connection, (live, edited), requests))

    def _script(
        self, source: str, name: str | None, versions: tuple[Version, ...], requests: Sequence[Request]
    ) -> Script:
        deployment = self._deployment
        connection = deployment.connections.get(name or "")
        stage = set_stage(deployment.sources[source], name or source, deployment.settings)
        return Script(
            source=source,
            versions=versions,
            requests=tuple(requests),
            connection=stage.connection,
            options=stage.options,
            settings=connection.settings if connection else None,
            time_zone=stage.time_zone,
            unique_field=stage.unique_field,
        )

    def _try(self, script: Script) -> Tried:
        with self._place():
            played = _play(write(script), self._seconds)
        if not played.lines:
            return Tried(stuck=self._why_stuck(played), is_read=False)
        problems, *outcomes = played.lines
        return Tried(
            problems=tuple(Problem(**each) for each in problems),
            outcomes=tuple(outcomes),
            stuck=None if problems or outcomes or not script.requests else self._why_stuck(played),
        )

    def _why_stuck(self, played: _Played) -> str:
        return TOO_LONG.format(seconds=self._seconds) if played.is_late else TOO_MUCH

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=WAIT_SECONDS):
            raise TooBusy
        try:
            yield
        finally:
            self._places.release()


def _play(script: bytes, seconds: float) -> _Played:
    """What the process makes of the script in that time; only whole lines count."""
    with subprocess.Popen(  # noqa: S603  our own command; what is tried goes to its standard input
        COMMAND,
        env=ENVIRON,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a traceback may quote what came
    ) as process:
        try:
            written, is_late = process.communicate(script, timeout=seconds)[0], False
        except subprocess.TimeoutExpired:
            process.kill()
            written, is_late = process.communicate()[0], True
    if process.returncode and not is_late:
        log.warning("tryout_ended_early", status=process.returncode)
    whole_lines = written.decode().split("\n")[:-1]
    return _Played([simplejson.loads(line, use_decimal=True) for line in whole_lines], is_late)

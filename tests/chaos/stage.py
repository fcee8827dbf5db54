"""What runs meanwhile: the sandbox, a Redis, several `bookhook web` and `bookhook worker`; none is left at the end.

Each process leads a group of its own, as a container or a service would, so that killing the group kills all of it. A
warden ends the groups should this program itself be killed.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import requests
from redis import Redis
from redis.exceptions import RedisError

from cli.stage import find_free_port
from config.embedded import find_server
from config.redis_client import connect_redis
from tests.scene import settings_for

START_SECONDS = 30.0
POLL_SECONDS = 0.02
WEBS = 2
WORKERS = 3
THREADS = 4
SETTLE_SECONDS = 6.0
TIMEOUT_SECONDS = 2.0
KILL_GROUPS = """
import os, signal, sys
groups = [int(line) for line in sys.stdin]
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        pass
"""


class Warden:
    """Kills the groups it was told of: at the end, and should this program itself be killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", KILL_GROUPS], stdin=subprocess.PIPE, start_new_session=True
        )
        self._watched: list[subprocess.Popen[bytes]] = []

    def watch(self, process: "subprocess.Popen[bytes]") -> None:
        """Takes on the group that this process leads."""
        self._watched.append(process)
        stdin = self._process.stdin
        if stdin is not None:
            stdin.write(b"%d\n" % process.pid)
            stdin.flush()

    def end(self) -> None:
        """Kills all groups; returns when the processes are gone."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        for process in (self._process, *self._watched):
            process.wait()


@dataclass
class Program:
    """One command, started again and again; what it says goes to a file of its own."""

    name: str
    command: list[str]
    environ: Mapping[str, str]
    folder: Path
    warden: Warden
    starts: int = 0
    process: "subprocess.Popen[bytes]" = field(init=False)

    def start(self) -> None:
        """Starts it, in a group of its own."""
        self.starts += 1
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=dict(self.environ),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.warden.watch(self.process)

    def kill(self) -> None:
        """Kills the whole group with -9 and waits until it is gone."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_first(self) -> None:
        """Kills the first process of the group alone with -9."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float) -> float | None:
        """Asks it to end (SIGTERM) and gives the seconds it took; None, and killed, if that was too long."""
        asked_at = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None
        return time.monotonic() - asked_at

    @property
    def is_running(self) -> bool:
        """Whether its first process lives."""
        return self.process.poll() is None

    def children(self) -> list[int]:
        """The processes it has started itself."""
        try:
            listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        except OSError:
            return []
        return [int(pid) for pid in listed.split()]


@dataclass
class Stage:
    """Everything that runs, and where it is to be found."""

    folder: Path
    redis_url: str
    sandbox_url: str
    web_urls: list[str]
    environ: dict[str, str]
    redis: Program
    sandbox: Program
    webs: list[Program]
    workers: list[Program]

    def client(self) -> Redis:
        """A new client of this stage's Redis."""
        return connect_redis(self.redis_url)

    def restart_redis(self) -> None:
        """Starts the killed Redis again and returns when it answers."""
        self.redis.start()
        self.await_redis()

    def await_redis(self) -> None:
        """Returns when Redis answers; raises TimeoutError when it does not."""
        with self.client() as client:
            _until(lambda: _answers(client), "Redis answers")

    def control(self, method: str, path: str, body: object = None) -> requests.Response:
        """Asks the sandbox something."""
        answer = requests.request(method, f"{self.sandbox_url}/_sandbox/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer


@contextmanager
def set_stage(folder: Path, *, code: Path | None = None) -> Iterator[Stage]:
    """Everything up and ready, and gone at the end; `code` is a folder with another version of the packages."""
    warden = Warden()
    stage = _plan_stage(folder, warden, code)
    try:
        for program in (stage.redis, stage.sandbox, *stage.webs, *stage.workers):
            program.start()
        stage.await_redis()
        for url in (f"{stage.sandbox_url}/_sandbox/faults", *(f"{web}/readyz" for web in stage.web_urls)):
            _until(partial(_is_up, url), f"{url} answers")
        yield stage
    finally:
        warden.end()


def _plan_stage(folder: Path, warden: Warden, code: Path | None) -> Stage:
    home, data = folder / "home", folder / "redis"
    for made in (home, data):
        made.mkdir()
    ports = [find_free_port(0) for _ in range(WEBS + 1)]
    sandbox_url, *web_urls = [f"http://127.0.0.1:{port}" for port in ports]
    address = data / "redis.sock"
    environ = _environ(home, sandbox_url, f"unix://{address}", code)

    def program(name: str, *command: str) -> Program:
        return Program(name, list(command), environ, folder, warden)

    def bookhook(name: str, *arguments: str) -> Program:
        return program(name, sys.executable, "-m", "cli", *arguments)

    return Stage(
        folder=folder,
        redis_url=f"unix://{address}",
        sandbox_url=sandbox_url,
        web_urls=web_urls,
        environ=environ,
        redis=program("redis", str(find_server()), *_redis_options(data, address)),
        sandbox=bookhook("sandbox", "sandbox", "--port", str(ports[0])),
        webs=[bookhook(f"web-{i}", "web", "--port", str(port)) for i, port in enumerate(ports[1:], 1)],
        workers=[bookhook(f"worker-{i}", "worker", "--threads", str(THREADS)) for i in range(1, WORKERS + 1)],
    )


def _environ(home: Path, sandbox_url: str, redis_url: str, code: Path | None) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        **settings_for(sandbox_url, redis_url),
        "BOOKHOOK_HOME": str(home),
        "BOOKHOOK_SETTLE_SECONDS": str(SETTLE_SECONDS),
        "ZOHO_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
        "ZOHO_CALLS_PER_DAY": "100000000",
        "PYTHONUNBUFFERED": "1",
        **({"PYTHONPATH": str(code)} if code else {}),
    }


def _redis_options(data: Path, address: Path) -> list[str]:
    """As the embedded Redis is set up: every command is on disk before it is answered."""
    options = {"port": "0", "unixsocket": str(address), "dir": str(data), "appendonly": "yes", "appendfsync": "always"}
    options |= {"save": "", "maxmemory-policy": "noeviction", "aof-load-truncated": "yes"}
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def _is_up(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.RequestException:
        return False


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {START_SECONDS:.0f} seconds: {what}")
        pause.wait(POLL_SECONDS)

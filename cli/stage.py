"""A whole Bookhook on this machine for a while: sandbox, web and worker as processes of their own, on free ports.

Everything lives in a temporary folder and ends with the context, however it is left.
"""

import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click
import requests

from cli.children import KILL_SECONDS, POLL_SECONDS, children
from cli.deployment import Deployment, read_deployment
from cli.examples import sign
from cli.interrupts import ignore_interrupts
from config.embedded import find_server, is_running
from config.redis_client import connect_redis, redis_address
from ingest.schemes import SCHEMES
from ledger import Ledger
from mappings import Example, Source

try:
    import fcntl
except ImportError:  # Windows, where find_server refuses before any lock is taken
    fcntl = None  # type: ignore[assignment]

# Nobody is there to approve what the demonstration sends.
CONNECTIONS = "connections: {slack: {expenses: {approval: none}}}"
# All examples at once need more calls than the free plan's minute has; the sandbox refuses none unless told to.
NO_LIMITS = {"ZOHO_CALLS_PER_MINUTE": "10000", "ZOHO_CALLS_PER_DAY": "100000"}


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs: its deployment, its ledger, and where it listens."""

    deployment: Deployment
    ledger: Ledger
    web_url: str
    sandbox_url: str


@contextmanager
def set_stage(sources: Mapping[str, Source]) -> Iterator[Stage]:
    """Starts everything with made-up secrets and stops it at the end; raises ClickException with what went wrong.

    Stopping cannot be interrupted. Nothing is left running, or ClickException says what is.
    """
    with tempfile.TemporaryDirectory(prefix="bookhook-") as folder, _no_redis_left(Path(folder)), ExitStack() as opened:
        try:
            yield _build(sources, Path(folder), opened)
        finally:
            ignore_interrupts()


def _build(sources: Mapping[str, Source], home: Path, opened: ExitStack) -> Stage:
    find_server()  # where there is none, nothing below would work either
    with _alone():
        web_port, sandbox_port = find_free_port(8000), find_free_port(8099)
        web_url, sandbox_url = (f"http://127.0.0.1:{port}" for port in (web_port, sandbox_port))
        environ = demo_environment(sources, home=home, sandbox_url=sandbox_url)
        deployment = read_deployment(environ)
        redis = opened.enter_context(connect_redis(opened.enter_context(redis_address(deployment.settings))))
        running = opened.enter_context(children(environ, home))
        sandbox = running.start("sandbox", "--port", str(sandbox_port))
        web = running.start("web", "--port", str(web_port))
        running.start("worker", "--threads", "4")
        running.wait_until_up(sandbox, lambda: sandbox.says("shows what it holds"))
        running.wait_until_up(web, lambda: _is_ours(deployment, web_url))
    return Stage(deployment, deployment.ledger(redis), web_url, sandbox_url)


def demo_environment(sources: Mapping[str, Source], *, home: Path, sandbox_url: str) -> dict[str, str]:
    """Settings for a deployment of every source against a sandbox, with new secrets; its connections are in `home`."""
    connections = home / "connections.yaml"
    connections.write_text(CONNECTIONS)
    return {
        "PATH": "",
        "BOOKHOOK_HOME": str(home),
        "BOOKHOOK_CONNECTIONS": str(connections),
        "BOOKHOOK_LOG_LEVEL": "INFO",
        "ZOHO_ACCOUNTS_URL": sandbox_url,
        "ZOHO_API_URL": f"{sandbox_url}/books/v3",
        "ZOHO_CLIENT_ID": "demo",
        "ZOHO_CLIENT_SECRET": "sandbox-secret",
        "ZOHO_REFRESH_TOKEN": "sandbox-refresh",
        "ZOHO_ORGANIZATION_ID": "10000001",
        **NO_LIMITS,
        "EXPENSE_PAID_THROUGH": "Company Credit Card",
        "EXPENSE_DEFAULT_ACCOUNT": "Other Expenses",
        "EXPENSE_ACCOUNTS": "meals=Meals and Entertainment,travel=Travel Expense,office=Office Supplies",
        **{source.setting: SCHEMES[source.verify.scheme].new_secret() for source in sources.values()},
    }


def find_free_port(preferred: int) -> int:
    """The preferred port if nothing listens there, else any free one."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise click.ClickException("no port is free on 127.0.0.1")


@contextmanager
def _alone() -> Iterator[None]:
    """Waits for this user's other demos that look for ports now: until a port is listened on, all find it free."""
    path = Path(tempfile.gettempdir()) / f"bookhook-demo-{os.getuid()}.lock"
    with ExitStack() as opened:
        while True:
            file = opened.enter_context(path.open("a"))
            fcntl.flock(file, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):  # its last holder has deleted it
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    break
        try:
            yield
        finally:
            path.unlink()


def _is_ours(deployment: Deployment, web_url: str) -> bool:
    """Whether who answers there is ready and knows our secrets: a genuine request that it cannot use is told so."""
    connection = next(iter(deployment.connections.values()))
    source = deployment.sources[connection.source]
    question = Example(source.name, "", b"Is it you?", {"Content-Type": "text/x-question"}, {})
    headers = sign(source, question, connection.secrets[0], timestamp=time.time())
    try:
        answer = requests.post(f"{web_url}/hooks/{connection.name}", data=question.body, headers=headers, timeout=1)
        return answer.status_code == 415 and requests.get(f"{web_url}/readyz", timeout=1).ok
    except requests.RequestException:
        return False


@contextmanager
def _no_redis_left(home: Path) -> Iterator[None]:
    """Ends a Redis that did not stop when asked to: nobody needs what it holds."""
    try:
        yield
    finally:
        if is_running(home):
            _kill_redis(home)


def _kill_redis(home: Path) -> None:
    with suppress(OSError, ValueError):
        os.kill(int((home / "redis" / "redis.pid").read_text()), signal.SIGKILL)
    deadline = time.monotonic() + KILL_SECONDS
    while is_running(home):
        if time.monotonic() > deadline:
            raise click.ClickException(f"a Redis is left running that used {home}")
        time.sleep(POLL_SECONDS)

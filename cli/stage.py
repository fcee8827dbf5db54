"""A whole Bookhook on this machine for a while: sandbox, web and worker as processes of their own, on free ports.

Everything lives in a temporary folder and ends with the context, however it is left.
"""

import os
import random
import secrets
import signal
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import requests
import yaml

from cli import demo_shop
from cli.children import KILL_SECONDS, POLL_SECONDS, children
from cli.deployment import Deployment, read_deployment
from cli.examples import sign
from cli.interrupts import ignore_interrupts
from cli.ledgers import ledger_of
from cli.stand_ins import entries, made_up_credentials
from config.embedded import find_server, is_running
from config.redis_client import connect_redis, redis_address
from ingest.schemes import make_scheme
from ledger.ledger import Ledger
from mappings import Example, Source

try:
    import fcntl
except ImportError:  # Windows, where find_server refuses before any lock is taken
    fcntl = None  # type: ignore[assignment]

# All examples at once need more calls than the free plan's minute has; the sandbox refuses none unless told to.
OUR_PORTS = range(20_000, 32_768)
NO_LIMITS = {"ZOHO_CALLS_PER_MINUTE": "10000", "ZOHO_CALLS_PER_DAY": "100000"}


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs: its deployment, its ledger, where it listens, and the password of the console's `admin`."""

    deployment: Deployment
    ledger: Ledger
    web_url: str
    sandbox_url: str
    console_url: str
    console_password: str


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
        ports = [find_free_port(preferred) for preferred in (8000, 8099, 8001)]
        web_url, sandbox_url, console_url = (f"http://127.0.0.1:{port}" for port in ports)
        environ = demo_environment(sources, home=home, sandbox_url=sandbox_url)
        deployment = read_deployment(environ)
        redis = opened.enter_context(connect_redis(opened.enter_context(redis_address(deployment.settings))))
        running = opened.enter_context(children(environ, home))
        web, sandbox, console = (
            running.start(name, "--port", str(port))
            for name, port in zip(("web", "sandbox", "console"), ports, strict=True)
        )
        running.start("worker", "--threads", "4")
        running.wait_until_up(sandbox, lambda: sandbox.says("shows what it holds"))
        running.wait_until_up(web, lambda: _is_ours(deployment, web_url))
        password = environ["BOOKHOOK_CONSOLE_PASSWORD"]
        running.wait_until_up(console, lambda: _opens(console_url, password))
    return Stage(deployment, ledger_of(deployment, redis), web_url, sandbox_url, console_url, password)


def demo_environment(sources: Mapping[str, Source], *, home: Path, sandbox_url: str) -> dict[str, str]:
    """Settings for a deployment of every source against a sandbox, with new secrets; its connections are in `home`."""
    connections = home / "connections.yaml"
    connections.write_text(yaml.safe_dump({"connections": _connections(sources, sandbox_url)}))
    return {
        "PATH": "",
        "BOOKHOOK_HOME": str(home),
        "BOOKHOOK_CONNECTIONS": str(connections),
        "BOOKHOOK_LOG_LEVEL": "INFO",
        "BOOKHOOK_PUBLIC_URL": "https://hooks.example.com",
        "BOOKHOOK_CONSOLE_PASSWORD": secrets.token_urlsafe(12),
        "BOOKHOOK_SECRET_KEY": secrets.token_hex(32),
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
        **{source.setting: make_scheme(source.verify).new_secret() for source in sources.values()},
        **{setting: make_scheme(sources[source].verify).new_secret() for setting, source in demo_shop.SECRETS.items()},
        **made_up_credentials(sources.values()),
    }


def _connections(sources: Mapping[str, Source], sandbox_url: str) -> dict[str, dict[str, Any]]:
    found = entries(sources.values(), sandbox_url)
    held = [source.name for source in sources.values() if source.holds_expenses]
    for name in held:  # nobody is there to approve what the demonstration sends
        found[name] = found.get(name, {}) | {"expenses": {"approval": "none"}}
    return found | demo_shop.CONNECTIONS


def find_free_port(preferred: int) -> int:
    """The preferred port if nothing listens there, else any free one; 0 for no preference.

    It is none of those that systems give to connections (from 32768 on, or 49152), or one could have it before a
    server does.
    """
    others = random.sample(OUR_PORTS, 100)
    for port in (preferred, *others) if preferred else others:
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
    connection = deployment.connections["standard"]
    source = deployment.sources["standard"]
    question = Example(source.name, "", b"Is it you?", {"Content-Type": "text/x-question"}, {})
    public_url = deployment.public_url(connection)
    request = sign(source, question, connection.secrets[0], timestamp=time.time(), public_url=public_url)
    address = web_url + request.target(connection.name)
    try:
        answer = requests.post(address, data=request.body, headers=request.headers, timeout=1)
        return answer.status_code == 415 and requests.get(f"{web_url}/readyz", timeout=1).ok
    except requests.RequestException:
        return False


def _opens(console_url: str, password: str) -> bool:
    """Whether the console that answers there is ours: nobody else's knows the password."""
    form = {"name": "admin", "password": password}
    try:
        return requests.post(f"{console_url}/login", data=form, timeout=5, allow_redirects=False).status_code == 303
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

"""A whole Bookhook on this machine for a while: sandbox, web and worker as processes of their own, on free ports.

Everything lives in a temporary folder and ends with the context, however it is left.
"""

import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import requests

from cli.deployment import Deployment, read_deployment
from config.redis_client import connect_redis, redis_address
from ingest.schemes import SCHEMES
from ledger import Ledger
from mappings import Source

START_SECONDS = 30.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs: its deployment, its ledger, and where it listens."""

    deployment: Deployment
    ledger: Ledger
    web_url: str
    sandbox_url: str


@contextmanager
def set_stage(sources: Mapping[str, Source]) -> Iterator[Stage]:
    """Starts everything with made-up secrets and stops it at the end; raises ClickException with what went wrong."""
    with tempfile.TemporaryDirectory(prefix="bookhook-") as folder, ExitStack() as running:
        web_port, sandbox_port = find_free_port(8000), find_free_port(8099)
        sandbox_url, web_url = (f"http://127.0.0.1:{port}" for port in (sandbox_port, web_port))
        environ = demo_environment(sources, home=Path(folder), sandbox_url=sandbox_url)
        deployment = read_deployment(environ)
        redis = running.enter_context(connect_redis(running.enter_context(redis_address(deployment.settings))))
        for command in (
            ["sandbox", "--port", str(sandbox_port)],
            ["web", "--port", str(web_port)],
            ["worker", "--threads", "4"],
        ):
            running.enter_context(_process(command, environ, Path(folder)))
        _wait_until_up(f"{sandbox_url}/_sandbox/records", Path(folder) / "sandbox.log")
        _wait_until_up(f"{web_url}/readyz", Path(folder) / "web.log")
        yield Stage(deployment, deployment.ledger(redis), web_url, sandbox_url)


def demo_environment(sources: Mapping[str, Source], *, home: Path, sandbox_url: str) -> dict[str, str]:
    """Settings for a deployment of every source against a sandbox, with new secrets."""
    return {
        "PATH": "",
        "BOOKHOOK_HOME": str(home),
        "BOOKHOOK_LOG_LEVEL": "INFO",
        "ZOHO_ACCOUNTS_URL": sandbox_url,
        "ZOHO_API_URL": f"{sandbox_url}/books/v3",
        "ZOHO_CLIENT_ID": "demo",
        "ZOHO_CLIENT_SECRET": "sandbox-secret",
        "ZOHO_REFRESH_TOKEN": "sandbox-refresh",
        "ZOHO_ORGANIZATION_ID": "10000001",
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
def _process(command: list[str], environ: Mapping[str, str], folder: Path) -> Iterator[None]:
    with (folder / f"{command[0]}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  our own command with our own arguments
            [sys.executable, "-m", "cli", *command], env=dict(environ), cwd=folder, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_up(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(POLL_SECONDS)
    told = log.read_text(errors="replace")[-2000:]
    raise click.ClickException(f"{log.stem} did not start within {START_SECONDS:.0f} seconds. It said:\n{told}")

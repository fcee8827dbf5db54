"""Real parts for every test that asks: Redis, the sandbox over HTTP, the door, a worker; and a clock that is moved."""

import io
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest
import requests
import structlog
from redis import Redis

import sandbox as sandbox_server
from cli import shelf
from cli.deployment import Deployment, read_deployment
from cli.desk import open_desk
from cli.errands import open_errands
from cli.ledgers import ledger_of
from config.embedded import embedded_redis
from config.logs import configure_logs
from config.redis_client import connect_redis
from ingest.app import create_app
from ingest.door import Door
from ingest.intake import Intake
from ingest.spool import Spool
from ledger.ledger import Ledger
from mappings import Then
from outbound import Apis
from tests.scene import Clock, Hooks, Sandbox, Worker, settings_for
from tests.servers import Servers
from tests.serving import serving


@pytest.fixture
def clock() -> Clock:
    return Clock(1_780_000_000.0)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home: Path = tmp_path_factory.mktemp("redis")
    with embedded_redis(home) as url:
        yield url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with connect_redis(redis_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Undoes what `configure_logs` does."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def logged(logging_as_before: None) -> Callable[[], str]:
    """All that a process would have logged until now."""
    with redirect_stderr(io.StringIO()) as written:
        configure_logs("DEBUG")
    return written.getvalue


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    made = Servers(tmp_path)
    yield made
    made.end()


@contextmanager
def serve_sandbox() -> Iterator[str]:
    server = sandbox_server.make_server("127.0.0.1", 0)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(scope="session")
def served_sandbox() -> Iterator[str]:
    with serve_sandbox() as url:
        yield url


@pytest.fixture(scope="session")
def another_served_sandbox() -> Iterator[str]:
    with serve_sandbox() as url:
        yield url


@contextmanager
def emptied(url: str) -> Iterator[Sandbox]:
    with requests.Session() as session:
        held = Sandbox(url, session)
        held.reset()
        yield held


@pytest.fixture
def sandbox(served_sandbox: str) -> Iterator[Sandbox]:
    with emptied(served_sandbox) as held:
        yield held


@pytest.fixture
def europe(another_served_sandbox: str) -> Iterator[Sandbox]:
    """A second Zoho, in another data centre, of which organization 10000002 is used: it keeps its books in euros."""
    with emptied(another_served_sandbox) as held:
        yield held


@pytest.fixture
def environ(sandbox: Sandbox, redis_url: str) -> dict[str, str]:
    return settings_for(sandbox.url, redis_url)


@pytest.fixture(scope="session", autouse=True)
def every_mapping_is_read_once() -> Iterator[None]:
    """Reading all that come along takes longer than most tests; a file that was not changed is not read again."""
    read = shelf._load
    load = cache(lambda folder, changed_at: read(folder))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shelf, "_load", lambda folder: load(folder, (folder / "mapping.yaml").stat().st_mtime_ns))
        yield


@pytest.fixture
def deployment(environ: Mapping[str, str]) -> Deployment:
    return read_once(tuple(sorted(environ.items())))


@cache
def read_once(environ: tuple[tuple[str, str], ...]) -> Deployment:
    """The deployment of these settings; reading every mapping takes longer than most tests."""
    return read_deployment(dict(environ))


@pytest.fixture
def ledger(deployment: Deployment, redis: Redis, clock: Clock) -> Ledger:
    return ledger_of(deployment, redis, clock=clock)


@pytest.fixture
def hooks(deployment: Deployment, ledger: Ledger, clock: Clock, sandbox: Sandbox, tmp_path: Path) -> Hooks:
    door = Door(deployment.configured, deployment.connections, deployment.settings.public_url)
    intake = Intake(ledger, Spool(tmp_path / "spool"))

    def do(connection: str, then: Then) -> None:
        errands = open_errands(deployment)
        errands.do(connection, then)
        errands.finish()

    app = create_app(door, intake, max_body_bytes=deployment.settings.max_body_bytes, do=do, clock=clock)
    return Hooks(app.test_client(), clock, sandbox.url)


@pytest.fixture
def worker(deployment: Deployment, ledger: Ledger, redis: Redis) -> Worker:
    reported: list[BaseException] = []
    desk = open_desk(deployment, ledger, report=reported.append, random=Random(1))
    # The clock stands still: a window in which an API is called no more often would never end.
    return Worker(replace(desk, apis=Apis(None)), redis, reported)

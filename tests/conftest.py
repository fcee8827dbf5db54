"""Real parts for every test that asks: Redis, the sandbox over HTTP, the door, a worker; and a clock that is moved."""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import pytest
import requests
from redis import Redis

import sandbox as sandbox_server
from cli.deployment import Deployment, read_deployment
from cli.desk import open_desk
from config.embedded import embedded_redis
from config.redis_client import connect_redis
from ingest.app import create_app
from ingest.door import Door
from ingest.intake import Intake
from ingest.spool import Spool
from ledger import Ledger
from tests.scene import Clock, Hooks, Sandbox, Worker, settings_for
from tests.servers import Servers


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
def servers(tmp_path: Path) -> Iterator[Servers]:
    made = Servers(tmp_path)
    yield made
    made.end()


@pytest.fixture(scope="session")
def served_sandbox() -> Iterator[str]:
    server = sandbox_server.make_server("127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sandbox(served_sandbox: str) -> Iterator[Sandbox]:
    with requests.Session() as session:
        held = Sandbox(served_sandbox, session)
        held.reset()
        yield held


@pytest.fixture
def environ(sandbox: Sandbox, redis_url: str) -> dict[str, str]:
    return settings_for(sandbox.url, redis_url)


@pytest.fixture
def deployment(environ: Mapping[str, str]) -> Deployment:
    return read_deployment(environ)


@pytest.fixture
def ledger(deployment: Deployment, redis: Redis, clock: Clock) -> Ledger:
    return deployment.ledger(redis, clock=clock)


@pytest.fixture
def hooks(deployment: Deployment, ledger: Ledger, clock: Clock, sandbox: Sandbox, tmp_path: Path) -> Hooks:
    door = Door(deployment.sources, deployment.connections)
    intake = Intake(ledger, Spool(tmp_path / "spool"))
    app = create_app(door, intake, max_body_bytes=deployment.settings.max_body_bytes, clock=clock)
    return Hooks(app.test_client(), clock, sandbox.url)


@pytest.fixture
def worker(deployment: Deployment, ledger: Ledger, redis: Redis) -> Worker:
    reported: list[BaseException] = []
    return Worker(open_desk(deployment, ledger, report=reported.append, random=Random(1)), redis, reported)

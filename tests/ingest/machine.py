"""A machine whose Redis really stops, and a disk whose power is cut: what the tests of the spool stand on."""

import json
import os
import signal
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random

from cli.desk import open_desk
from cli.ledgers import ledger_of
from config.embedded import embedded_redis
from config.redis_client import connect_redis
from ingest.app import create_app
from ingest.door import Door
from ingest.intake import Breaker, Intake
from ingest.spool import Spool
from ledger.arrivals import Arrival
from tests.scene import SOURCES, Clock, Hooks, example, two_secrets
from tests.scene import Worker as SceneWorker

ORDER = example("shopify/paid_order")
SHOPIFY = SOURCES["shopify"]
SECRET = two_secrets(SHOPIFY)[0]
ARRIVAL = Arrival(
    connection="shopify",
    source="shopify",
    organization="10000001",
    topic="orders/paid",
    delivery="d-1",
    headers={"X-Shopify-Topic": "orders/paid", "Authorization": "Bearer x"},
    body=b'{"id": 1}',
)


def order(number: int):
    """An order of its own, in a delivery of its own."""
    body = json.dumps({**json.loads(ORDER.body), "id": number, "name": f"#{number}"}).encode()
    headers = {name: value for name, value in ORDER.headers.items() if "Id" not in name}
    return replace(ORDER, body=body, headers=headers)


def arrival(number: int, *, at: float | None = None, body: bytes | None = None) -> Arrival:
    body = b'{"id": %d}' % number if body is None else body
    came_at = float(number) if at is None else at
    return replace(ARRIVAL, event_id=f"ev_{number:08}", received_at=came_at, delivery=f"d-{number}", body=body)


def left_by_another_process(folder: Path, *arrivals: Arrival) -> Path:
    """The file a process left that was killed after it had kept these."""
    spool = Spool(folder)
    before = set(folder.glob("*.spool"))
    for each in arrivals:
        spool.append(each)
    [file] = set(folder.glob("*.spool")) - before
    return file


def drained(folder: Path) -> list[str]:
    """The ids of what a drain gives, in its order."""
    given: list[str] = []
    Spool(folder).drain(lambda each: given.append(each.event_id) is None)
    return given


class Machine:
    """A machine with a Redis of its own, which stops and starts, and web processes over one spool."""

    def __init__(self, folder: Path, deployment, clock: Clock, sandbox_url: str) -> None:
        self.folder = folder / "spool"
        self.home = folder / "home"
        self.deployment = deployment
        self.clock = clock
        self.sandbox_url = sandbox_url
        self.running = ExitStack()
        self.closing = ExitStack()
        self.start_redis()
        self.redis = self.connect()

    def start_redis(self) -> None:
        self.url = self.running.enter_context(embedded_redis(self.home))

    def stop_redis(self) -> None:
        self.running.close()

    def signal_redis(self, number: signal.Signals) -> None:
        os.kill(int((self.home / "redis" / "redis.pid").read_text()), number)

    def connect(self):
        return self.closing.enter_context(connect_redis(self.url, answer_seconds=0.3))

    @property
    def ledger(self):
        return ledger_of(self.deployment, self.redis, clock=self.clock)

    def intake(self, spool: Spool | None = None) -> Intake:
        ledger = ledger_of(self.deployment, self.connect(), clock=self.clock)
        return Intake(ledger, spool or Spool(self.folder), breaker=Breaker(self.clock))

    def hooks(self, intake: Intake) -> Hooks:
        door = Door(self.deployment.configured, self.deployment.connections)
        app = create_app(door, intake, max_body_bytes=10**6, clock=self.clock)
        return Hooks(app.test_client(), self.clock, self.sandbox_url)

    def files(self) -> list[Path]:
        return [path for path in self.folder.iterdir() if path.name != "drain.lock"] if self.folder.exists() else []

    def close(self) -> None:
        self.closing.close()
        self.running.close()


class Disk:
    """What a power cut would leave: the bytes and names that were synced, noted at each sync."""

    def __init__(self, monkeypatch, folder: Path) -> None:
        self.folder = folder
        self.bytes: dict[int, bytes] = {}
        self.names: dict[str, int] = {}
        self.fails = False
        monkeypatch.setattr("ingest.spool_files.sync", self.sync)
        monkeypatch.setattr("ingest.spool.sync", self.sync)

    def sync(self, descriptor: int) -> None:
        if self.fails:
            raise OSError(5, "Input/output error")
        synced = os.fstat(descriptor)
        if os.path.samestat(synced, self.folder.stat()):
            self.names = {path.name: path.stat().st_ino for path in self.folder.glob("*.spool")}
        for path in self.folder.glob("*.spool"):
            if os.path.samestat(synced, path.stat()):
                self.bytes[synced.st_ino] = path.read_bytes()

    def survivors(self, folder: Path) -> list[str]:
        """What would be drained after a power cut now."""
        folder.mkdir()
        for name, inode in dict(self.names).items():
            (folder / name).write_bytes(self.bytes.get(inode, b""))
        return drained(folder)


def worker_at(machine) -> SceneWorker:
    from_here = open_desk(machine.deployment, machine.ledger, report=[].append, random=Random(1))
    return SceneWorker(from_here, machine.redis, [])

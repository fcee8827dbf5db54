"""A load generator for machines that share their cores with what they load: `Load.run()` starts it as a process.

Sixteen connections, kept as long as the server keeps them. Everything is rendered before the clock starts, so that a
request costs no more than its system calls. With a rate, requests are due at even distances whatever became of those
before them, and their time counts from then; without one, each follows the answer to the one before it.
"""

import json
import select
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from statistics import quantiles

from benchmarks.deliveries import render_deliveries

CONNECTIONS = 16
ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answers:
    """What became of a load; `p50` and `p99` in milliseconds."""

    accepted: int
    refused: int
    seconds: float
    p50: float
    p99: float

    @property
    def per_second(self) -> float:
        """Accepted requests in a second."""
        return self.accepted / self.seconds


@dataclass(frozen=True, slots=True)
class Load:
    """So many orders, numbered from `first`, for the server at a port of this machine; `rate` in requests a second."""

    port: int
    secret: str
    first: int
    count: int
    rate: float | None = None

    def run(self) -> Answers:
        """Puts the load on the server, from a process of its own."""
        command = [sys.executable, "-m", "benchmarks.load", json.dumps(asdict(self))]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        return Answers(**json.loads(told.stdout))


class Connection:
    """One connection, opened anew when the server closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None
        self._answer = b""
        self.due = 0.0

    def fileno(self) -> int:
        """For select."""
        return -1 if self._socket is None else self._socket.fileno()

    def send(self, request: bytes, due: float) -> None:
        """Sends a request that was due then."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), ANSWER_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = due
        self._answer = b""
        self._socket.sendall(request)

    def receive(self) -> int | None:
        """The status, once the answer is whole; 0 when the connection ended before."""
        assert self._socket is not None
        part = self._socket.recv(65536)
        self._answer += part
        head, end, body = self._answer.partition(b"\r\n\r\n")
        fields = head.lower()
        if part and not (end and len(body) >= _length(fields)):
            return None
        if not part or b"\r\nconnection: close" in fields:
            self._socket.close()
            self._socket = None
        return int(head[9:12]) if end else 0


def _length(fields: bytes) -> int:
    return int(fields.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])


def drive(load: Load) -> Iterator[tuple[int, float]]:
    """The status of every request, and the seconds it took."""
    requests = deque(render_deliveries(load.first, load.count, secret=load.secret))
    idle, busy = [Connection(load.port) for _ in range(CONNECTIONS)], list[Connection]()
    due, apart = time.perf_counter(), 1 / load.rate if load.rate else 0.0
    while requests or busy:
        now = time.perf_counter()
        while idle and requests and due <= now:
            busy.append(connection := idle.pop())
            connection.send(requests.popleft(), due if apart else now)
            due += apart
        pause = max(0.0, due - now) if idle and requests else ANSWER_SECONDS
        answering, _, _ = select.select(busy, [], [], pause)
        if not answering and pause == ANSWER_SECONDS:
            raise TimeoutError(f"no answer within {ANSWER_SECONDS:.0f} seconds")
        for connection in answering:
            status = connection.receive()
            if status is not None:
                yield status, time.perf_counter() - connection.due
                busy.remove(connection)
                idle.append(connection)


def main() -> None:
    """Puts the load of the first argument on its server and prints the answers."""
    load = Load(**json.loads(sys.argv[1]))
    taken = list[float]()
    accepted, began = 0, 0.0
    for status, seconds in drive(load):
        began = began or time.perf_counter() - seconds
        accepted += 200 <= status < 300
        taken.append(seconds)
    cuts = quantiles(taken, n=100)
    seconds = time.perf_counter() - began
    print(json.dumps(asdict(Answers(accepted, len(taken) - accepted, seconds, cuts[49] * 1000, cuts[98] * 1000))))


if __name__ == "__main__":
    main()

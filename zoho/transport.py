"""One HTTP exchange that ends in time, and whether its request may have left this machine.

Sessions are kept alive and shared by all threads of a process. Nothing is followed, repeated, remembered (cookies) or
taken from the environment: a REQUESTS_CA_BUNDLE would replace the certificates and a .netrc the Authorization header.
"""

import heapq
import itertools
import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from zoho.protocol import File

CONNECT_SECONDS = 5.0
CONNECTIONS_KEPT = 64
HOSTS_KEPT = 32  # nine data centres have two each
# A connection that is closed takes with it what was not delivered. As a rule the kernel would go on trying for minutes,
# and a call that is long over, looked for and repeated would be saved as soon as the network is back.
DROP_WHEN_CLOSED = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

logging.getLogger("urllib3").setLevel(logging.ERROR)  # its other lines hold whole URLs, and queries hold e-mails


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status; `headers` are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotSent(Exception):
    """Raised when not one byte of the request left: nothing can have happened."""


class NoAnswer(Exception):
    """Raised when the request may have been received, but its answer was not."""


class Transport:
    """Sends requests; safe to share between threads, and renewed after a fork."""

    def __init__(self) -> None:
        self._renew()

    def send(
        self,
        method: str,
        url: str,
        *,
        seconds: float,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        body: str | Mapping[str, str] | None = None,
        file: File | None = None,
    ) -> Answer:
        """The answer, complete within `seconds` of wall-clock; nothing is sent later than that.

        Connecting may take a third of the time for each address of the host, and is not cut short by the total.
        `body` is text, or fields to send as a form; a `file` is sent as a form. Raises `NotSent` or `NoAnswer`; their
        messages hold no URL.
        """
        exchange = Exchange(seconds)
        _in_this_thread.exchange = exchange
        try:
            session = self._session()
            request = requests.Request(
                method,
                url,
                params=params,
                headers={**session.headers, **headers},
                data=body.encode() if isinstance(body, str) else body,
                files={file.field: (file.name, file.content, file.media_type)} if file else None,
            )
            times = (min(CONNECT_SECONDS, seconds / 3), seconds)
            response = session.send(request.prepare(), timeout=times, allow_redirects=False)
            answer = Answer(response.status_code, response.headers, response.content)
        except (OSError, ValueError, urllib3.exceptions.HTTPError) as trouble:
            raise exchange.failure(trouble) from None  # the original names the URL
        finally:
            exchange.finish()
        if exchange.cut_off:
            raise exchange.failure(TimeoutError())
        return answer

    def _session(self) -> requests.Session:
        if self._pid != os.getpid():
            self._renew()
        return self._kept

    def _renew(self) -> None:
        self._pid = os.getpid()
        self._kept = requests.Session()
        self._kept.trust_env = False
        self._kept.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._kept.mount("https://", _Adapter())
        self._kept.mount("http://", _Adapter())


def check_url(url: str) -> str:
    """The URL, if what is sent there stays private: https, or plain http to this machine. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return url
    raise ValueError("Zoho is called by https only; plain http is for a sandbox on this machine.")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Exchange:
    """One request and its answer, cut off when its time is over."""

    def __init__(self, seconds: float) -> None:
        self.ends_at = time.monotonic() + seconds
        self.sent = False
        self.cut_off = False
        self.sock: socket.socket | None = None

    def begin(self, sock: socket.socket) -> None:
        """Called with a connected socket just before the first byte is sent; raises TimeoutError if too late."""
        if time.monotonic() >= self.ends_at:
            raise TimeoutError
        self.sent = True
        _watchdog.watch(self, sock)

    def finish(self) -> None:
        """The socket is no longer this exchange's to cut."""
        _watchdog.release(self)

    def failure(self, trouble: Exception) -> NotSent | NoAnswer:
        """What the trouble means, with its kind but without its words."""
        kind = "no complete answer in time" if self.cut_off else type(trouble).__name__
        return NoAnswer(kind) if self.sent else NotSent(kind)


class _Watchdog:
    """Shuts down the socket of every exchange that is out of time; one thread a process, started when needed.

    A time-out of the socket alone would begin anew with every byte that trickles in.
    """

    _thread: threading.Thread

    def __init__(self) -> None:
        self._renew()
        os.register_at_fork(after_in_child=self._renew)

    def watch(self, exchange: Exchange, sock: socket.socket) -> None:
        with self._changed:
            exchange.sock = sock
            self._owners[sock] = exchange
            heapq.heappush(self._due, (exchange.ends_at, next(self._order), exchange))
            if not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="zoho-deadlines", daemon=True)
                self._thread.start()
            self._changed.notify()

    def release(self, exchange: Exchange) -> None:
        with self._changed:
            if exchange.sock is not None and self._owners.get(exchange.sock) is exchange:
                del self._owners[exchange.sock]
            exchange.sock = None

    def _renew(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Exchange]] = []
        self._owners: dict[socket.socket, Exchange] = {}  # a kept socket may already serve the next exchange
        self._order = itertools.count()
        self._thread = threading.Thread()

    def _run(self) -> None:
        with self._changed:
            while True:
                if not self._due:
                    self._changed.wait()
                elif (wait := self._due[0][0] - time.monotonic()) > 0:
                    self._changed.wait(wait)
                else:
                    self._cut(heapq.heappop(self._due)[2])

    def _cut(self, exchange: Exchange) -> None:
        sock = exchange.sock
        if sock is None or self._owners.get(sock) is not exchange:
            return
        exchange.cut_off = True
        with suppress(OSError):  # it is gone already
            # Not SSLSocket's own shutdown: that would also drop the decryption under the reading thread.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _InThisThread(threading.local):
    exchange: Exchange


_in_this_thread = _InThisThread()
_watchdog = _Watchdog()


def _begin(connection: HTTPConnection) -> None:
    if connection.sock is None:
        connection.connect()
    _in_this_thread.exchange.begin(cast(socket.socket, connection.sock))


class _PlainConnection(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _begin(self)
        super().request(*args, **kwargs)


class _SecureConnection(HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _begin(self)
        super().request(*args, **kwargs)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def __init__(self) -> None:
        super().__init__(pool_connections=HOSTS_KEPT, pool_maxsize=CONNECTIONS_KEPT, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        options = [*HTTPConnection.default_socket_options, DROP_WHEN_CLOSED]
        super().init_poolmanager(*args, **kwargs, socket_options=options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

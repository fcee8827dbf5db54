"""One call to a host whose name was looked up once: every address it has is public, and exactly those are called.

A name that changes its mind cannot lead inside. Nothing is followed. The size is limited while reading, the time as a
whole.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import cast

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse
from urllib3.util import Url

CONNECT_SECONDS = 5.0
PASSING = frozenset({408, 425, 429})
"""Statuses below 500 that say: not now."""
FAILURES = (OSError, HTTPError, http.client.HTTPException)
"""What `get` raises when there is no whole answer."""
# Addresses that lead to another one inside them (NAT64, 6to4, Teredo, IPv4-compatible, IPv4-translated), and those that
# newer registries than Python's call special (iana.org/assignments/iana-ipv6-special-registry, and its IPv4 sister).
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in ("64:ff9b::/32", "2002::/16", "2001::/32", "::/96", "::ffff:0:0:0/96", "5f00::/16", "192.0.0.0/24")
)


class NotPublic(Exception):
    """Raised when a host has an address that is not on the public internet."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, and what to ask there."""

    url: Url
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Got:
    """An answer; `content` is empty unless the status is 200, and one byte longer than allowed where it is too long."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(default=b"", repr=False)


def public_addresses(host: str) -> tuple[str, ...]:
    """Every address of the host, all of them public. Raises OSError where it has none, NotPublic where one is not."""
    found = any_addresses(host)
    if not found or not all(is_public(address) for address in found):
        raise NotPublic
    return found


def any_addresses(host: str) -> tuple[str, ...]:
    """Every address of the host, wherever it is: for a host that a setting names. Raises OSError where it has none."""
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}
    except UnicodeError:
        raise OSError("no such name") from None
    return tuple(sorted(found, key=len))


def is_public(address: str) -> bool:
    """Whether the address surely belongs to nobody's private network, this machine's least of all."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:  # an address with a zone is a local one
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return is_public(str(ip.ipv4_mapped))
    is_site_local = isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local
    return ip.is_global and not ip.is_multicast and not is_site_local and not any(ip in each for each in _SPECIAL)


def get(target: Target, *, headers: Mapping[str, str], most_bytes: int, ends_at: float) -> Got:
    """The answer, by `ends_at` of the monotonic clock. Raises one of FAILURES; no message of theirs is to be shown."""
    return _call("GET", target, None, headers=headers, most_bytes=most_bytes, ends_at=ends_at)


def post(target: Target, body: bytes, *, headers: Mapping[str, str], most_bytes: int, ends_at: float) -> Got:
    """As `get`, for a body that is posted. A failure leaves open whether it arrived."""
    return _call("POST", target, body, headers=headers, most_bytes=most_bytes, ends_at=ends_at)


def _call(
    method: str, target: Target, body: bytes | None, *, headers: Mapping[str, str], most_bytes: int, ends_at: float
) -> Got:
    connection = _connect(target, ends_at)
    with _cut_off_at(ends_at, connection) as cut_off:
        sent = {"Host": target.url.netloc or "", "Accept-Encoding": "identity", **headers}
        connection.request(method, target.url.request_uri, body=body, headers=sent, preload_content=False)
        with closing(connection.getresponse()) as answer:
            return _read(answer, most_bytes, cut_off)


def _read(answer: HTTPResponse, most_bytes: int, cut_off: threading.Event) -> Got:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if answer.status != 200:
        return Got(answer.status, headers)
    content = answer.read(most_bytes + 1, decode_content=False)
    if cut_off.is_set():
        raise TimeoutError
    if answer.length_remaining and len(content) <= most_bytes:
        raise ConnectionResetError
    return Got(200, headers, content)


def _connect(target: Target, ends_at: float) -> HTTPConnection:
    """A connection to the first address that takes one."""
    trouble: Exception = TimeoutError()
    for address in target.addresses:
        connection = _connection(target.url, address, max(0.1, min(CONNECT_SECONDS, ends_at - time.monotonic())))
        try:
            connection.connect()
        except (OSError, HTTPError) as error:
            connection.close()
            trouble = error
        else:
            return connection
    raise trouble


def _connection(url: Url, address: str, seconds: float) -> HTTPConnection:
    if url.scheme == "http":
        return HTTPConnection(address, url.port, timeout=seconds)
    return HTTPSConnection(
        address,
        url.port or 443,
        timeout=seconds,
        server_hostname=url.host,
        assert_hostname=url.host,
        cert_reqs=ssl.CERT_REQUIRED,
        ca_certs=DEFAULT_CA_BUNDLE_PATH,
    )


@contextmanager
def _cut_off_at(ends_at: float, connection: HTTPConnection) -> Iterator[threading.Event]:
    """Shuts the connection down when time is over; a time-out alone would begin anew with every byte."""
    cut_off = threading.Event()
    sock = cast(socket.socket, connection.sock)  # which the connection lets go of before its answer is read

    def cut() -> None:
        cut_off.set()
        with suppress(OSError):  # it is gone already
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, ends_at - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield cut_off
    finally:
        timer.cancel()
        connection.close()

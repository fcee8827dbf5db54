"""Fetching a file from an address that came in with an event: a stranger's word, so nothing about it is trusted.

Only https on the usual port, to a host that the connection lists, at an address that is public: the name is resolved
once, every address it has is checked, and exactly that address is called (a name that changes its mind cannot lead
inside). Nothing is followed. The size is limited while reading, the time as a whole.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import cast

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import Url, parse_url

from errors import RetryLater
from outbound.files import File, ReceiptRefused, recognise

SECONDS = 20.0
CONNECT_SECONDS = 5.0
PASSING = frozenset({408, 425, 429})
# Addresses that lead to another one inside them (NAT64, 6to4, Teredo, IPv4-compatible, IPv4-translated), and those that
# newer registries than Python's call special (iana.org/assignments/iana-ipv6-special-registry, and its IPv4 sister).
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in ("64:ff9b::/32", "2002::/16", "2001::/32", "::/96", "::ffff:0:0:0/96", "5f00::/16", "192.0.0.0/24")
)


class NotFetched(RetryLater):
    """Raised when a file could not be fetched now, but perhaps later."""

    code = "receipt_unavailable"


@dataclass(frozen=True, slots=True)
class _Target:
    """Where to connect, and what to ask there."""

    url: Url
    addresses: tuple[str, ...]


def fetch(
    url: str, *, hosts: Collection[str], most_bytes: int, loopback_origin: str | None, seconds: float = SECONDS
) -> File:
    """The file at the address; raises ReceiptRefused, or NotFetched. Neither names the address."""
    target = _target(url, hosts, loopback_origin)
    ends_at = time.monotonic() + seconds
    try:
        status, content = _get(target, most_bytes, ends_at)
    except (OSError, HTTPError, http.client.HTTPException) as error:
        raise NotFetched(f"The receipt could not be fetched ({type(error).__name__}).") from None
    if status >= 500 or status in PASSING:
        raise NotFetched(f"The receipt could not be fetched: the host answered with {status}.")
    if status != 200:
        raise ReceiptRefused(f"its host answered with {status}")
    if len(content) > most_bytes:
        raise ReceiptRefused(f"it is larger than {most_bytes // 1024 // 1024} MB")
    return recognise(target.url.path or "", content)


def _target(url: str, hosts: Collection[str], loopback_origin: str | None) -> _Target:
    try:
        parts = parse_url(url)
    except LocationParseError:
        raise ReceiptRefused("its address cannot be read") from None
    if parts.host not in hosts:
        raise ReceiptRefused("its host is not among the connection's `receipt_hosts`")
    if loopback_origin and f"{parts.scheme}://{parts.netloc}" == loopback_origin:
        return _Target(parts, (parts.host or "",))
    if parts.scheme != "https" or parts.auth is not None or parts.port not in (None, 443):
        raise ReceiptRefused("its address is not a plain https:// one")
    return _Target(parts, _resolve(parts.host or ""))


def _resolve(host: str) -> tuple[str, ...]:
    """Every address of the host, all of them public."""
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise NotFetched("The host of the receipt could not be found.") from None
    if not found or not all(is_public(address) for address in found):
        raise ReceiptRefused("its host is not on the public internet")
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


def _get(target: _Target, most_bytes: int, ends_at: float) -> tuple[int, bytes]:
    """Status and at most one byte more than allowed; raises OSError when it takes longer than it may."""
    connection = _connect(target, ends_at)
    with _cut_off_at(ends_at, connection) as cut_off:
        headers = {"Host": target.url.netloc or "", "Accept": "*/*", "Accept-Encoding": "identity"}
        connection.request("GET", target.url.request_uri, headers=headers, preload_content=False)
        answer = connection.getresponse()
        if answer.status != 200:
            return answer.status, b""
        content = answer.read(most_bytes + 1, decode_content=False)
        if cut_off.is_set():
            raise TimeoutError
        if answer.length_remaining and len(content) <= most_bytes:
            raise ConnectionResetError
    return 200, content


def _connect(target: _Target, ends_at: float) -> HTTPConnection:
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

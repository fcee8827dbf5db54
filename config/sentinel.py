"""Redis behind Sentinel: servers that may fail over, and sentinels that know which of them is the master.

redis.io/docs/latest/develop/reference/sentinel-clients
"""

from copy import copy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import redis
from environs import ValidationError
from redis.connection import parse_url
from redis.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool

from config.quick_redis import Client

SENTINEL_PORT = 26379
SENTINEL_SECONDS = 1.0
OPTIONS = frozenset({"master", "auth"})
ACCOUNT = frozenset({"username", "password"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentinels:
    """Where the sentinels are, and what they call the master; `auth`: they want the servers' password too."""

    addresses: tuple[tuple[str, int], ...]
    master: str
    auth: bool


@dataclass(frozen=True, slots=True)
class BehindSentinels:
    """Where Redis is: at whatever address the sentinels name. `url` gives all but host and port."""

    url: str = field(repr=False)
    sentinels: Sentinels


def parse_sentinels(text: str) -> Sentinels:
    """`host:port,host:port;master=name;auth=yes`, of which one host is enough; raises ValidationError."""
    places, *options = [part.strip() for part in text.split(";")]
    given = dict(_parse_option(option) for option in options)
    addresses = tuple(_parse_address(place.strip()) for place in places.split(","))
    if len(given) < len(options) or not given.keys() <= OPTIONS or given.get("auth", "no") not in {"yes", "no"}:
        raise _malformed()
    return Sentinels(
        addresses=addresses,
        master=given.get("master", "mymaster"),
        auth=given.get("auth") == "yes",
    )


def is_sentinels(value: object) -> None:
    """Checks for what `parse_sentinels` takes."""
    parse_sentinels(str(value))


class SharedSentinel(Sentinel):
    """A Sentinel for several threads: its list, which it sorts with every question, is replaced as a whole."""

    def discover_master(self, service_name: str) -> Any:
        """The master's host and port; raises MasterNotFoundError."""
        asking = copy(self)
        asking.sentinels = list(self.sentinels)
        try:
            return Sentinel.discover_master(asking, service_name)  # type: ignore[no-untyped-call]
        finally:
            self.sentinels = asking.sentinels


def connect_to_master(place: BehindSentinels, options: dict[str, Any]) -> redis.Redis:
    """A client of whatever server is the master whenever it connects; `options` are those of any client."""
    told: dict[str, Any] = parse_url(place.url)  # type: ignore[no-untyped-call]
    tls = {"ssl": place.url.startswith("rediss:"), **{name: told[name] for name in told if name.startswith("ssl_")}}
    timeouts = {"socket_connect_timeout": SENTINEL_SECONDS, "socket_timeout": SENTINEL_SECONDS}
    account = {name: told[name] for name in ACCOUNT & told.keys()} if place.sentinels.auth else {}
    sentinel = SharedSentinel(  # type: ignore[no-untyped-call]
        place.sentinels.addresses,
        sentinel_kwargs={"retry": options["retry"], **timeouts, **tls, **account},
    )
    kept = {name: value for name, value in told.items() if name not in {"host", "port", "connection_class"}}
    client: redis.Redis = sentinel.master_for(place.sentinels.master, Client, **(kept | tls | options))  # type: ignore[no-untyped-call]
    return client


def follow_master(client: redis.Redis) -> None:
    """Has the client leave a server that the sentinels no longer call the master; nothing to do without sentinels.

    A server that lost its place without noticing would otherwise keep those who are connected to it.
    """
    pool = client.connection_pool
    if isinstance(pool, SentinelConnectionPool):
        try:
            pool.get_master_address()  # type: ignore[no-untyped-call]
        except MasterNotFoundError:
            return  # No sentinel answers: the server that was the master last is the best guess.


def _parse_option(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not value.strip():
        raise _malformed()
    return name.strip(), value.strip()


def _parse_address(text: str) -> tuple[str, int]:
    try:
        place = urlsplit(f"//{text}")
        host, port = place.hostname, place.port or SENTINEL_PORT
    except ValueError:
        raise _malformed() from None
    if not host or place.netloc != text or "@" in text:
        raise _malformed()
    return host, port


def _malformed() -> ValidationError:
    return ValidationError("is not a list like 10.0.0.1:26379,10.0.0.2:26379;master=mymaster")

"""Redis behind Sentinel: servers that may fail over, and sentinels that know which of them is the master.

redis.io/docs/latest/develop/reference/sentinel-clients
"""

from copy import copy
from dataclasses import dataclass, field
from typing import Any

import redis
from redis.connection import parse_url
from redis.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool

from config.quick_redis import Client
from config.sentinel import Sentinels

SENTINEL_SECONDS = 1.0
ACCOUNT = frozenset({"username", "password"})


@dataclass(frozen=True, slots=True)
class BehindSentinels:
    """Where Redis is: at whatever address the sentinels name. `url` gives all but host and port."""

    url: str = field(repr=False)
    sentinels: Sentinels


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

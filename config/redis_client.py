"""Clients of Redis, wherever it runs."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.embedded import embedded_redis, revive
from config.problems import ConfigError
from config.quick_redis import Client, Pool
from config.sentinel_client import BehindSentinels, connect_to_master
from config.settings import Settings

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 5.0
IDLE_CHECK_SECONDS = 30
KEEP_ALL = "noeviction"

Address = str | BehindSentinels
log = structlog.get_logger(__name__)


def connect_redis(address: Address, *, answer_seconds: float = ANSWER_SECONDS) -> redis.Redis:
    """A client of the Redis at `address`, answering bytes; it connects at the first command.

    A command is sent at most once: one whose connection broke may have been carried out, and only the caller knows
    whether it may be repeated. Commands raise redis.ConnectionError or redis.TimeoutError within 6 seconds, or a
    second more than `answer_seconds`; behind sentinels two seconds more for each of them that does not answer.
    """
    options = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": answer_seconds,
        "health_check_interval": IDLE_CHECK_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "decode_responses": False,
    }
    if isinstance(address, BehindSentinels):
        return connect_to_master(address, options)
    return Client.from_pool(Pool.from_url(address, **options))


@contextmanager
def redis_address(settings: Settings) -> Iterator[Address]:
    """Where this deployment's Redis is; an embedded one runs at least as long as the context."""
    url, sentinels = settings.redis_url, settings.redis_sentinels
    if sentinels:
        yield BehindSentinels(url or "redis://", sentinels)
        return
    with nullcontext(url) if url else embedded_redis(settings.home) as place:
        yield place


def revive_redis(settings: Settings) -> None:
    """Starts this deployment's embedded Redis anew if it died under its users; nothing to do for any other Redis.

    Cheap enough for once a second. Raises nothing: a server that cannot be started is logged.
    """
    if settings.redis_url or settings.redis_sentinels:
        return
    try:
        revive(settings.home)
    except (ConfigError, OSError) as error:
        log.warning("embedded_redis_not_revived", reason=str(error))


@contextmanager
def open_redis(settings: Settings) -> Iterator[redis.Redis]:
    """A client of this deployment's Redis, configured or embedded, closed at the end."""
    with redis_address(settings) as address, connect_redis(address) as client:
        yield client


def find_risks(client: redis.Redis) -> Iterator[str]:
    """How this Redis might lose or hide what was recorded, in words; nothing about what it does not let us ask."""
    with suppress(redis.ResponseError):
        told = {**client.config_get("appendonly"), **client.config_get("maxmemory-policy")}
        if told.get("appendonly") == "no":
            yield "Redis forgets with every restart what is to be done and what was posted: set `appendonly yes`"
        if told.get("maxmemory-policy", KEEP_ALL) != KEEP_ALL:
            yield f"Redis may throw away what was posted when its memory is full: set `maxmemory-policy {KEEP_ALL}`"
    try:
        client.info("server")
    except redis.ResponseError:
        yield "Redis refuses INFO to this user, so a restart or failover that loses something is not noticed"

"""Clients of Redis, wherever it runs."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.embedded import embedded_redis
from config.settings import Settings

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 5.0
IDLE_CHECK_SECONDS = 30


def connect_redis(url: str) -> redis.Redis:
    """A client of the Redis at `url`, answering bytes; it connects at the first command.

    A command is sent at most once: one whose connection broke may have been carried out, and only the caller knows
    whether it may be repeated. Commands raise redis.ConnectionError or redis.TimeoutError within 6 seconds.
    """
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        health_check_interval=IDLE_CHECK_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=False,
    )


@contextmanager
def redis_address(settings: Settings) -> Iterator[str]:
    """The URL of this deployment's Redis; an embedded one runs at least as long as the context."""
    with nullcontext(settings.redis_url) if settings.redis_url else embedded_redis(settings.home) as url:
        yield url


@contextmanager
def open_redis(settings: Settings) -> Iterator[redis.Redis]:
    """A client of this deployment's Redis, configured or embedded, closed at the end."""
    with redis_address(settings) as url, connect_redis(url) as client:
        yield client

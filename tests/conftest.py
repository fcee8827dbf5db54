"""A real Redis for every test that asks for one, and a clock that is moved, never waited for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from config.embedded import embedded_redis
from config.redis_client import connect_redis


class Clock:
    """A clock that stands still until it is moved; called like time.time."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock(1_700_000_000.0)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home: Path = tmp_path_factory.mktemp("redis")
    with embedded_redis(home) as url:
        yield url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with connect_redis(redis_url) as client:
        client.flushall()
        yield client

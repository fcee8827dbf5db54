"""The ledger of a deployment, for commands."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from redis import Redis
from redis.exceptions import RedisError

from cli.deployment import Deployment, read_deployment
from config.redis_client import open_redis
from ledger.ledger import Ledger


def ledger_of(deployment: Deployment, redis: Redis, *, clock: Callable[[], float] = time.time) -> Ledger:
    """The deployment's ledger in that Redis."""
    return Ledger(redis, clock=clock, retention_days=deployment.settings.retention_days)


@contextmanager
def open_ledger() -> Iterator[tuple[Deployment, Ledger]]:
    """The deployment and its ledger; a Redis that cannot be reached is said in a sentence."""
    deployment = read_deployment()
    try:
        with open_redis(deployment.settings) as redis:
            yield deployment, ledger_of(deployment, redis)
    except RedisError as error:
        raise click.ClickException(f"Redis cannot be reached ({type(error).__name__}).") from None

"""`bookhook check`: every problem at once, in words a person can act on."""

import sys
from collections.abc import Iterator

import click
from redis.exceptions import RedisError

from cli.deployment import Deployment, read_deployment
from config.problems import ConfigError
from config.redis_client import open_redis
from zoho.books import Books


@click.command()
def check() -> None:
    """Name every problem of settings, mappings, Redis and the Zoho connection; exits with 1 if there is any."""
    try:
        deployment = read_deployment()
        problems = list(_find_problems(deployment))
    except ConfigError as error:
        problems = list(error.problems)
    else:
        _tell_what_is_fine(deployment)
    for problem in problems:
        click.echo(f"✗ {problem}")
    click.echo(f"{len(problems)} problem{'' if len(problems) == 1 else 's'}" if problems else "All is well.")
    sys.exit(1 if problems else 0)


def _tell_what_is_fine(deployment: Deployment) -> None:
    for source in sorted(deployment.sources.values(), key=lambda source: source.name):
        state = "connected" if source.name in deployment.connections else f"off ({source.setting} is not set)"
        click.echo(f"  {source.name:<14} {state}; {', '.join(source.topics)}")
    for warning in deployment.settings.warnings:
        click.echo(f"! {warning}")


def _find_problems(deployment: Deployment) -> Iterator[str]:
    if not deployment.connections:
        settings = ", ".join(sorted(source.setting for source in deployment.sources.values()))
        yield f"no webhook secret is set, so nothing can come in: set one of {settings}"
    organization = deployment.settings.organization
    if organization is None:
        yield from (f"{name} is not set" for name in deployment.settings.missing_for_organization)
    try:
        with open_redis(deployment.settings) as redis:
            redis.ping()
            if organization:
                yield from Books(organization, redis=redis).check()
    except RedisError as error:
        yield f"REDIS_URL: Redis cannot be reached ({type(error).__name__})"

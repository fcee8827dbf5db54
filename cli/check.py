"""`bookhook check`: every problem at once, in words a person can act on."""

import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import click
from redis.exceptions import RedisError

from cli.connections import describe, find_unknown_names
from cli.deployment import Deployment, find_lacks, read_deployment, without_repeats
from cli.expenses import find_gaps
from config.problems import ConfigError
from config.redis_client import find_risks, open_redis
from ingest.spool import Spool
from ledger import CAREFUL_SECONDS
from ledger.records import moment
from zoho.books import Books


@click.command()
@click.option("--restored", is_flag=True, help="Say that Redis was restored from a backup: look before posting.")
def check(restored: bool) -> None:
    """Name every problem of settings, mappings, Redis and the Zoho connection; exits with 1 if there is any."""
    lacks = find_lacks()
    try:
        deployment = read_deployment()
        warnings = list(_find_warnings(deployment, restored=restored))
        problems = [*lacks, *_find_problems(deployment)]
    except ConfigError as error:
        problems = [*error.problems, *without_repeats(lacks, error.problems)]
    else:
        _tell_what_is_fine(deployment)
        for warning in warnings:
            click.echo(f"! {warning}")
    for problem in problems:
        click.echo(f"✗ {problem}")
    click.echo(f"{len(problems)} problem{'' if len(problems) == 1 else 's'}" if problems else "All is well.")
    sys.exit(1 if problems else 0)


def _tell_what_is_fine(deployment: Deployment) -> None:
    connected = {connection.source for connection in deployment.connections.values()}
    for source in sorted(deployment.sources.values(), key=lambda source: source.name):
        state = "connected" if source.name in connected else f"off ({source.setting} is not set)"
        click.echo(f"  {source.name:<14} {state}; {', '.join(source.topics)}")
    for name, connection in sorted(deployment.connections.items()):
        click.echo(f"  /hooks/{name} ({connection.source}): {describe(connection)}")


def _find_warnings(deployment: Deployment, *, restored: bool) -> Iterator[str]:
    yield from deployment.settings.warnings
    yield from find_gaps(deployment, of_every_event=False)
    if waiting := Spool(deployment.settings.spool).depth():
        yield f"{waiting} events wait in the spool: a running `bookhook web` records them as soon as Redis can"
    with suppress(RedisError), open_redis(deployment.settings) as redis:  # what is wrong with Redis is a problem
        incarnation = deployment.ledger(redis).incarnation
        if restored:
            incarnation.declare_gone_back()
        gone_back = incarnation.observe()
        if gone_back and (until := gone_back.at + CAREFUL_SECONDS) > time.time():
            yield f"until {moment(until)} every document is looked for before it is posted: {gone_back.reason}"
        yield from find_risks(redis)


def _find_problems(deployment: Deployment) -> Iterator[str]:
    yield from _find_spool_problems(Spool(deployment.settings.spool))
    yield from find_gaps(deployment, of_every_event=True)
    try:
        with open_redis(deployment.settings) as redis:
            redis.ping()
            if organization := deployment.settings.organization:
                books = Books(organization, redis=redis)
                yield from books.check()
                yield from find_unknown_names(deployment.settings, books)
    except RedisError as error:
        setting = "BOOKHOOK_REDIS_SENTINELS" if deployment.settings.redis_sentinels else "REDIS_URL"
        yield f"{setting}: Redis cannot be reached ({type(error).__name__})"


def _find_spool_problems(spool: Spool) -> Iterator[str]:
    try:
        spool.probe()
        for path in spool.set_aside():
            yield f"{path} holds what could not be read or recorded; see docs/how-it-works.md, When Redis is away"
    except OSError as error:
        yield f"BOOKHOOK_SPOOL: nothing can be kept there ({(error.strerror or type(error).__name__).lower()})"

"""`bookhook check`: every problem at once, in words a person can act on."""

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import click
from redis.exceptions import RedisError

from cli.connections import describe, describe_organization, find_unknown_names
from cli.deployment import Deployment, find_lacks, read_deployment, without_repeats
from cli.expenses import find_gaps
from cli.keys import describe_apis
from cli.ledgers import ledger_of
from cli.organizations import open_organizations
from cli.shared_secrets import find_shared_secrets
from config.connection import Connection
from config.organizations import DEFAULT
from config.problems import ConfigError
from config.redis_client import find_risks, open_redis
from config.settings import Settings
from ingest.schemes import make_scheme
from ingest.spool import Spool
from ledger.incarnation import CAREFUL_SECONDS
from ledger.ledger import Ledger
from ledger.records import moment
from mappings import Source
from zoho.organizations import Organizations
from zoho.shelf import Shelf

CHECKED_AT_ONCE = 8


@click.command()
@click.option("--restored", is_flag=True, help="Say that Redis was restored from a backup: look before posting.")
def check(restored: bool) -> None:
    """Name every problem of settings, mappings, Redis and the Zoho connection; exits with 1 if there is any."""
    lacks = find_lacks()
    try:
        deployment = read_deployment(reads_all=True)
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
    """What is on, from senders to connections, and at last what is off."""
    on = {connection.source for connection in deployment.connections.values()}
    sources = sorted(deployment.sources.values(), key=lambda source: source.name)
    for source in (each for each in sources if each.name in on):
        click.echo(f"  {source.name:<14} connected; {', '.join(source.topics)}")
    organizations = _find_organizations(deployment.settings)
    for organization in organizations.values():
        click.echo(f"  {describe_organization(organization)}")
    for name, connection in sorted(deployment.connections.items()):
        posts_to = organizations.get(organizations.meant(connection.organization_id))
        where = f" → {posts_to.name}" if posts_to and posts_to.name != DEFAULT else ""
        click.echo(f"  /hooks/{name} ({connection.source}{where}): {_told(connection, deployment.configured[name])}")
    for source in (each for each in sources if each.name not in on):
        click.echo(f"  {source.name:<14} off ({source.setting} is not set); {', '.join(source.topics)}")


def _told(connection: Connection, source: Source) -> str:
    """What the connection decides and asks, and by which file its mapping is another."""
    patch = f"mapping patched by {connection.patch.name}" if connection.patch else ""
    return "; ".join(filter(None, (describe(connection), patch, describe_apis(connection, source))))


def _find_organizations(settings: Settings) -> Organizations:
    """Those that are connected; while Redis is away, those of the settings."""
    with open_redis(settings) as redis:
        return open_organizations(settings, redis)


def _find_warnings(deployment: Deployment, *, restored: bool) -> Iterator[str]:
    yield from deployment.settings.warnings
    yield from _find_weak_schemes(deployment)
    yield from find_shared_secrets(deployment.connections.values(), deployment.configured)
    yield from find_gaps(deployment, of_every_event=False)
    yield from _find_unasked(deployment)
    if waiting := Spool(deployment.settings.spool).depth():
        yield f"{waiting} events wait in the spool: a running `bookhook web` records them as soon as Redis can"
    with suppress(RedisError), open_redis(deployment.settings) as redis:  # what is wrong with Redis is a problem
        ledger = ledger_of(deployment, redis)
        if restored:
            ledger.incarnation.declare_gone_back()
        yield from _find_care(deployment, ledger)
        yield from find_risks(redis)


def _find_weak_schemes(deployment: Deployment) -> Iterator[str]:
    for name, source in sorted(deployment.configured.items()):
        if weakness := make_scheme(source.verify).weakness:
            yield f"/hooks/{name}: {weakness}"


def _find_unasked(deployment: Deployment) -> Iterator[str]:
    """Whose sender is left out where workers ask for what never came, although it could be asked."""
    for name, lack in sorted(deployment.heal_lacks.items()):
        if deployment.settings.heal_hours is not None and deployment.configured[name].healing.is_possible:
            yield f"/hooks/{name}: its sender is not asked for what never came: {lack}"


def _find_care(deployment: Deployment, ledger: Ledger) -> Iterator[str]:
    """Until when documents are looked for first, unless every organization was compared since."""
    gone_back = ledger.incarnation.observe()
    if gone_back is None or gone_back.at + CAREFUL_SECONDS <= time.time():
        return
    organizations = open_organizations(deployment.settings, ledger.redis)
    if not all(ledger.reconciliations.is_sound(each, since=gone_back.at) for each in organizations):
        until = moment(gone_back.at + CAREFUL_SECONDS)
        yield f"until {until} every document is looked for before it is posted: {gone_back.reason}"


def _find_problems(deployment: Deployment) -> Iterator[str]:
    yield from _find_spool_problems(Spool(deployment.settings.spool))
    yield from find_gaps(deployment, of_every_event=True)
    try:
        with open_redis(deployment.settings) as redis:
            redis.ping()
            organizations = open_organizations(deployment.settings, redis)
            yield from () if deployment.settings.lacks else organizations.lacks()
            yield from organizations.unreadable()
            shelf = Shelf(organizations, redis=redis)
            with ThreadPoolExecutor(CHECKED_AT_ONCE) as pool:
                for found in pool.map(partial(_check_organization, deployment.settings, shelf), shelf):
                    yield from found
    except RedisError as error:
        setting = "BOOKHOOK_REDIS_SENTINELS" if deployment.settings.redis_sentinels else "REDIS_URL"
        yield f"{setting}: Redis cannot be reached ({type(error).__name__})"


def _check_organization(settings: Settings, shelf: Shelf, organization_id: str) -> list[str]:
    """What is wrong with one organization, each problem with its name where it has one of its own."""
    books = shelf[organization_id]
    name = "" if books.organization.name == DEFAULT else f"organization {books.organization.label}: "
    return [*(f"{name}{problem}" for problem in books.check()), *find_unknown_names(settings, books)]


def _find_spool_problems(spool: Spool) -> Iterator[str]:
    try:
        spool.probe()
        for path in spool.set_aside():
            yield f"{path} holds what could not be read or recorded; see docs/how-it-works.md, When Redis is away"
    except OSError as error:
        yield f"BOOKHOOK_SPOOL: nothing can be kept there ({(error.strerror or type(error).__name__).lower()})"

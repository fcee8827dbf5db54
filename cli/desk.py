"""The desk of a process, and one for commands that look into Zoho and change what stands there."""

import getpass
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from random import Random
from urllib.parse import urlsplit

import click
from redis.exceptions import RedisError

from cli.deployment import Deployment
from cli.ledgers import open_ledger
from cli.organizations import choose_organizations, open_organizations, say
from config.checks import is_loopback
from config.organization_list import hosts_of
from config.organizations import Organization
from config.reports import Report, tell_nobody
from config.settings import Settings
from errors import BookhookError
from ledger.leases import RENEW_SECONDS
from ledger.ledger import Ledger
from outbound import Apis, Outbound, Pace
from worker.desk import Desk
from zoho.shelf import Shelf


def open_desk(
    deployment: Deployment,
    ledger: Ledger,
    *,
    report: Report,
    organizations: Mapping[str, Organization] | None = None,
    random: Random | None = None,
    revive_redis: Callable[[], None] = lambda: None,
) -> Desk:
    """The desk of a worker process; raises ConfigError when an organization is not set up.

    Without `organizations` it is for all of them.
    """
    settings = deployment.settings
    everything = open_organizations(settings, ledger.redis)
    if organizations is None:
        settings.require_organizations()
        organizations = everything
    return Desk(
        ledger=ledger,
        sources=deployment.configured,
        connections=deployment.connections,
        keys=deployment.keys,
        books=Shelf(organizations, redis=ledger.redis, clock=ledger.clock),
        organizations=everything,
        outbound=Outbound(loopback_origins=loopback_origins(settings, organizations), alert_url=settings.alert_url),
        apis=Apis(Pace(ledger.redis, clock=ledger.clock)),
        settle_seconds=settings.settle_seconds,
        send_seconds=settings.timeout_seconds,
        random=random or Random(),  # noqa: S311  jitter needs no secrecy
        report=report,
        revive_redis=revive_redis,
    )


@contextmanager
def sit_at_desk(organization: str | None = None) -> Iterator[Desk]:
    """A desk for one organization, by name or id, or for all, whose leases are kept alive.

    What goes wrong is said in a sentence, and with what to do about it.
    """
    with open_ledger() as (deployment, ledger), _renewing(ledger):
        try:
            chosen = choose_organizations(deployment.settings, ledger.redis, organization)
            yield open_desk(deployment, ledger, report=tell_nobody, organizations=chosen)
        except BookhookError as trouble:
            raise click.ClickException(say(trouble)) from None


def is_at_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def login_name() -> str:
    """Who is at the terminal, as far as the machine knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "somebody"


@contextmanager
def _renewing(ledger: Ledger) -> Iterator[None]:
    """Renews the leases this process holds, as a worker's housekeeping does."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(RENEW_SECONDS):
            try:
                ledger.leases.renew()
            except RedisError:  # a lease that is lost is noticed by whoever writes under it
                continue

    thread = threading.Thread(target=renew, name="leases", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def loopback_origins(settings: Settings, organizations: Mapping[str, Organization]) -> frozenset[str]:
    """The sandboxes on this machine that stand for Zoho; they also stand for whoever is answered."""
    usual = hosts_of(settings.usual_organization).api_url
    urls = {urlsplit(url) for url in (usual, *(organization.api_url for organization in organizations.values()))}
    return frozenset(f"{url.scheme}://{url.netloc}" for url in urls if is_loopback(url.hostname or ""))

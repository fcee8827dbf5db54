"""The desk of a process, and one for commands that look into Zoho and change what stands there."""

import getpass
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from urllib.parse import urlsplit

import click
from redis.exceptions import RedisError

from cli.deployment import Deployment
from cli.events import open_ledger
from config.checks import is_loopback
from config.organizations import Organization
from config.reports import Report, tell_nobody
from errors import BookhookError, NeedsAttention
from ledger import RENEW_SECONDS, Ledger
from outbound import Outbound
from worker.desk import Desk
from zoho.books import Books


def open_desk(
    deployment: Deployment,
    ledger: Ledger,
    *,
    report: Report,
    random: Random | None = None,
    revive_redis: Callable[[], None] = lambda: None,
) -> Desk:
    """The desk of a worker process; raises ConfigError when the organization is not set up."""
    settings = deployment.settings
    organization = settings.require_organization()
    return Desk(
        ledger=ledger,
        sources=deployment.sources,
        connections=deployment.connections,
        books={organization.organization_id: Books(organization, redis=ledger.redis, clock=ledger.clock)},
        outbound=Outbound(loopback_origin=_loopback_origin(organization), alert_url=settings.alert_url),
        settle_seconds=settings.settle_seconds,
        send_seconds=organization.timeout_seconds,
        random=random or Random(),  # noqa: S311  jitter needs no secrecy
        report=report,
        revive_redis=revive_redis,
    )


@contextmanager
def sit_at_desk() -> Iterator[Desk]:
    """A desk whose leases are kept alive; what goes wrong is said in a sentence, and with what to do about it."""
    with open_ledger() as (deployment, ledger), _renewing(ledger):
        try:
            yield open_desk(deployment, ledger, report=tell_nobody)
        except BookhookError as trouble:
            raise click.ClickException(say(trouble)) from None


def say(trouble: BookhookError) -> str:
    """The trouble and, where a person can do something, what."""
    return f"{trouble.message} {trouble.remedy}" if isinstance(trouble, NeedsAttention) else trouble.message


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


def _loopback_origin(organization: Organization) -> str | None:
    url = urlsplit(organization.api_url)
    return f"{url.scheme}://{url.netloc}" if is_loopback(url.hostname or "") else None

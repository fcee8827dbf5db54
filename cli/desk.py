"""A desk for commands that look into Zoho and change what stands there."""

import getpass
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click
import sentry_sdk
from redis.exceptions import RedisError

from cli.deployment import open_desk
from cli.events import open_ledger
from errors import BookhookError, NeedsAttention
from ledger import RENEW_SECONDS, Ledger
from worker.desk import Desk


@contextmanager
def sit_at_desk() -> Iterator[Desk]:
    """A desk whose leases are kept alive; what goes wrong is said in a sentence, and with what to do about it."""
    with open_ledger() as (deployment, ledger), _renewing(ledger):
        try:
            yield open_desk(deployment, ledger, report=_report)
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


def _report(error: BaseException) -> None:
    sentry_sdk.capture_exception(error)


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

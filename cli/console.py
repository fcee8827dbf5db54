"""`bookhook console`: the private pages, until it is stopped."""

import os
from contextlib import suppress
from functools import partial

import click
from flask import Flask
from granian.constants import Interfaces
from redis.exceptions import RedisError

from cli.actions import ConsoleActions
from cli.deployment import Deployment
from cli.desk import open_desk
from cli.ledgers import ledger_of
from cli.listening import PORT, host_option, require_free
from cli.organizations import open_organizations
from cli.rehearsal import rehearse_event
from cli.serving import start
from cli.tryout.room import TryoutRoom
from cli.web_server import serve, start_process
from config.redis_client import connect_redis, redis_address
from config.reports import Report, start_reports
from console.app import create_console
from console.audit import Audit
from console.comparisons import Comparisons
from console.openid import OpenIdLogin
from console.people import People
from console.receipts import Receipts
from console.services import Services
from console.sessions import Sessions
from ledger.ledger import Ledger
from outbound import Provider
from worker.reading import expense_of
from zoho.shelf import Shelf

THREADS = 8
URL = "BOOKHOOK_CONSOLE_AT"


@click.command()
@host_option
@click.option("--port", default=8001, show_default=True, type=PORT)
def console(host: str, port: int) -> None:
    """Show the private pages: what needs a person, every event, approvals."""
    deployment = start()
    start_reports(deployment.settings.sentry_dsn)
    require_free(host, port)
    url = deployment.settings.console_url or f"http://127.0.0.1:{port}"
    with redis_address(deployment.settings):
        click.echo(f"console: {url}", err=True)
        os.environ[URL] = url
        factory = "cli.console:create_console_app"
        serve(factory, host=host, port=port, interface=Interfaces.WSGI, processes=1, threads=THREADS)


def create_console_app() -> Flask:
    """The application of the console's process, with its own Redis client."""
    deployment, address = start_process()
    report = start_reports(deployment.settings.sentry_dsn)
    redis = connect_redis(address)
    services = open_services(deployment, ledger_of(deployment, redis), report=report)
    with suppress(RedisError):  # without Redis there are no pages either; the next start does it
        services.grants.renew_seals()
    if password := deployment.settings.console_password:
        services.people.begin_with(password)
    settings = deployment.settings
    return create_console(
        services, url=os.environ[URL], metrics_token=settings.metrics_token, proxies=settings.console_proxies
    )


def open_services(deployment: Deployment, ledger: Ledger, *, report: Report) -> Services:
    """What the console stands on."""
    organizations = open_organizations(deployment.settings, ledger.redis)
    books = Shelf(organizations, redis=ledger.redis, clock=ledger.clock)
    actions = ConsoleActions(
        ledger,
        partial(open_desk, deployment, ledger, report=report),
        read_expense=partial(expense_of, deployment.configured, deployment.connections),
        rehearse=partial(rehearse_event, deployment, books),
    )
    return Services(
        ledger=ledger,
        settings=deployment.settings,
        organizations=organizations,
        grants=organizations.grants,
        connections=deployment.connections,
        sources=deployment.configured,
        known=deployment.sources,
        books=books,
        actions=actions,
        tryouts=TryoutRoom(deployment),
        comparisons=Comparisons(ledger.redis),
        people=People(ledger.redis, clock=ledger.clock),
        sessions=Sessions(ledger.redis, clock=ledger.clock),
        audit=Audit(ledger.redis),
        receipts=Receipts(actions.receipt),
        clock=ledger.clock,
        openid=OpenIdLogin(Provider(client), clock=ledger.clock) if (client := deployment.settings.openid) else None,
    )

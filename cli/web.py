"""`bookhook web`: receives webhooks until it is stopped."""

import threading
from collections.abc import Callable
from functools import partial
from importlib import import_module

import click
from granian.constants import Interfaces

from cli.deployment import Deployment
from cli.ledgers import ledger_of
from cli.listening import PORT, host_option, require_free
from cli.serving import names, start, warn_of_shared_secrets
from cli.web_server import serve, start_process
from config.redis_client import connect_redis, redis_address, revive_redis
from config.reports import start_reports
from ingest.app import create_app
from ingest.door import Door
from ingest.gathering import Gathering
from ingest.intake import Intake
from ingest.server import Server
from ingest.spool import Spool
from mappings import Then

WEB_PROCESSES = 2
WEB_THREADS = 16
# A sender, or a person at Slack, waits no longer for a Redis that does not answer: then the spool takes over.
DOOR_ANSWER_SECONDS = 2.0


@click.command()
@host_option
@click.option("--port", default=8000, show_default=True, type=PORT)
def web(host: str, port: int) -> None:
    """Receive webhooks at /hooks/<connection>: verify, record, queue, acknowledge."""
    deployment = start()
    start_reports(deployment.settings.sentry_dsn)
    require_free(host, port)
    warn_of_shared_secrets(deployment)
    with redis_address(deployment.settings):
        click.echo(f"web: listening on http://{host}:{port} for {names(deployment)}", err=True)
        serve("cli.web:create_web_app", host=host, port=port, interface=Interfaces.RSGI, processes=WEB_PROCESSES)


def create_web_app() -> Server:
    """The application of one web process, with its own Redis client and a thread that drains the spool."""
    deployment, url = start_process()
    settings = deployment.settings
    start_reports(settings.sentry_dsn)
    ledger = ledger_of(deployment, connect_redis(url, answer_seconds=DOOR_ANSWER_SECONDS))
    intake = Intake(ledger, Spool(settings.spool), revive_redis=partial(revive_redis, settings))
    # A daemon: it may end at any moment, for what it had not recorded yet stays in the spool.
    threading.Thread(target=intake.keep_draining, args=(threading.Event(),), name="drain", daemon=True).start()
    door = Door(deployment.configured, deployment.connections, settings.public_url)
    gathering = Gathering(intake.record_all)
    most = settings.max_body_bytes
    app = create_app(door, intake, max_body_bytes=most, record=gathering.record, do=_errands(deployment))
    return Server(app, gathering, most=most, threads=WEB_THREADS, may_take_long=intake.may_take_long)


def _errands(deployment: Deployment) -> Callable[[str, Then], None] | None:
    """What has done what handshakes ask for; loaded where one may ask, for it brings the libraries that call out."""
    if not any(source.acts for source in deployment.configured.values()):
        return None
    do: Callable[[str, Then], None] = import_module("cli.errands").open_errands(deployment).do
    return do

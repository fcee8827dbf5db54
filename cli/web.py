"""`bookhook web`: receives webhooks until it is stopped."""

import atexit
import signal
import threading
from contextlib import ExitStack
from functools import partial

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from cli.listening import PORT, host_option, require_free
from cli.serving import names, start
from config.logs import SERVER_LOGGING
from config.redis_client import connect_redis, redis_address, revive_redis
from config.reports import start_reports
from config.signals import end_with_parent
from ingest.app import create_app
from ingest.door import Door
from ingest.intake import Intake
from ingest.server import Server
from ingest.spool import Spool

WEB_PROCESSES = 2
WEB_THREADS = 16
WEB_STOP_SECONDS = 8
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
    with redis_address(deployment.settings):
        click.echo(f"web: listening on http://{host}:{port} for {names(deployment)}", err=True)
        Granian(
            "cli.web:create_web_app",
            address=host,
            port=port,
            interface=Interfaces.RSGI,
            workers=WEB_PROCESSES,
            workers_kill_timeout=WEB_STOP_SECONDS,
            websockets=False,
            factory=True,
            respawn_failed_workers=True,
            log_dictconfig=SERVER_LOGGING,
            log_level=LogLevels.warning,
        ).serve()


def create_web_app() -> Server:
    """The application of one web process, with its own Redis client and a thread that drains the spool."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # until the server sets its own, not its parent's
    end_with_parent()
    deployment = start()
    start_reports(deployment.settings.sentry_dsn)
    settings = deployment.settings
    open_until_exit = ExitStack()
    atexit.register(open_until_exit.close)
    url = open_until_exit.enter_context(redis_address(settings))
    ledger = deployment.ledger(connect_redis(url, answer_seconds=DOOR_ANSWER_SECONDS))
    intake = Intake(ledger, Spool(settings.spool), revive_redis=partial(revive_redis, settings))
    # A daemon: it may end at any moment, for what it had not recorded yet stays in the spool.
    threading.Thread(target=intake.keep_draining, args=(threading.Event(),), name="drain", daemon=True).start()
    door = Door(deployment.sources, deployment.connections)
    app = create_app(door, intake, max_body_bytes=settings.max_body_bytes)
    return Server(app, most=settings.max_body_bytes, threads=WEB_THREADS, may_take_long=intake.may_take_long)

"""The commands that run until they are stopped: web, worker, sandbox."""

import atexit
import signal
import socket
import threading
from contextlib import ExitStack
from functools import partial

import click
import sentry_sdk
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

import sandbox as sandbox_server
from cli.deployment import Deployment, open_desk, read_deployment
from config.logs import SERVER_LOGGING, configure_logs
from config.redis_client import connect_redis, redis_address, revive_redis
from config.sentry import configure_sentry
from config.signals import end_with_parent, wake_main_thread_on_signals
from ingest.app import create_app
from ingest.door import Door
from ingest.intake import Intake
from ingest.server import Server
from ingest.spool import Spool
from worker.nightly import keep_reconciling
from worker.process import run_worker

WEB_PROCESSES = 2
WEB_THREADS = 16
WEB_STOP_SECONDS = 8
# A sender, or a person at Slack, waits no longer for a Redis that does not answer: then the spool takes over.
DOOR_ANSWER_SECONDS = 2.0


PORT = click.IntRange(1, 65535)
host_option = click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")


@click.command()
@host_option
@click.option("--port", default=8000, show_default=True, type=PORT)
def web(host: str, port: int) -> None:
    """Receive webhooks at /hooks/<connection>: verify, record, queue, acknowledge."""
    deployment = _start()
    _require_free(host, port)
    with redis_address(deployment.settings):
        click.echo(f"web: listening on http://{host}:{port} for {_names(deployment)}", err=True)
        Granian(
            "cli.serve:create_web_app",
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
    deployment = _start()
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
    return Server(app, most=settings.max_body_bytes, threads=WEB_THREADS)


@click.command()
@click.option("--threads", default=4, show_default=True, type=click.IntRange(1, 256), help="Events at work at once.")
@click.option("--burst", is_flag=True, help="End when nothing is ready now.")
def worker(threads: int, burst: bool) -> None:
    """Work on events: map each, find or create its contact, post its document, record the ids."""
    deployment = _start(posts=True)
    with redis_address(deployment.settings) as url, connect_redis(url) as redis:
        revive = partial(revive_redis, deployment.settings)
        desk = open_desk(deployment, deployment.ledger(redis), report=_report, revive_redis=revive)
        click.echo(f"worker: {threads} threads for {_names(deployment)}", err=True)
        if (at := deployment.settings.reconcile_at) and not burst:
            # A daemon: it only reads, and may end at any moment.
            arguments = (desk, at, threading.Event())
            threading.Thread(target=keep_reconciling, args=arguments, name="reconcile", daemon=True).start()
        run_worker(desk, lambda: connect_redis(url), threads=threads, burst=burst)


@click.command()
@host_option
@click.option("--port", default=8099, show_default=True, type=PORT)
def sandbox(host: str, port: int) -> None:
    """Run a stateful Zoho Books in memory: organizations 10000001 (USD) and 10000002 (EUR)."""
    _require_free(host, port)
    server = sandbox_server.make_server(host, port)
    click.echo(f"sandbox: http://{host}:{port} shows what it holds", err=True)
    server.serve_forever()


def _report(error: BaseException) -> None:
    sentry_sdk.capture_exception(error)


def _start(*, posts: bool = False) -> Deployment:
    deployment = read_deployment(posts=posts)
    wake_main_thread_on_signals()
    configure_logs(deployment.settings.log_level)
    configure_sentry(deployment.settings.sentry_dsn)
    return deployment


def _names(deployment: Deployment) -> str:
    return ", ".join(sorted(deployment.connections)) or "no connection (set a webhook secret; see docs/settings.md)"


def _require_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}. Try --port.") from None

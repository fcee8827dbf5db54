"""`bookhook worker`: works on events until it is stopped."""

import threading
from functools import partial

import click

from cli.desk import open_desk
from cli.serving import names, start
from config.redis_client import connect_redis, redis_address, revive_redis
from config.reports import start_reports
from worker.nightly import keep_reconciling
from worker.process import run_worker


@click.command()
@click.option("--threads", default=4, show_default=True, type=click.IntRange(1, 256), help="Events at work at once.")
@click.option("--burst", is_flag=True, help="End when nothing is ready now.")
def worker(threads: int, burst: bool) -> None:
    """Work on events: map each, find or create its contact, post its document, record the ids."""
    deployment = start(posts=True)
    report = start_reports(deployment.settings.sentry_dsn)
    with redis_address(deployment.settings) as url, connect_redis(url) as redis:
        revive = partial(revive_redis, deployment.settings)
        desk = open_desk(deployment, deployment.ledger(redis), report=report, revive_redis=revive)
        click.echo(f"worker: {threads} threads for {names(deployment)}", err=True)
        if (at := deployment.settings.reconcile_at) and not burst:
            # A daemon: it only reads, and may end at any moment.
            arguments = (desk, at, threading.Event())
            threading.Thread(target=keep_reconciling, args=arguments, name="reconcile", daemon=True).start()
        run_worker(desk, lambda: connect_redis(url), threads=threads, burst=burst)

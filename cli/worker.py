"""`bookhook worker`: works on events until it is stopped."""

import threading
from functools import partial

import click

from cli.desk import open_desk
from cli.ledgers import ledger_of
from cli.serving import names, start, warn_of_shared_secrets
from config.redis_client import connect_redis, redis_address, revive_redis
from config.reports import start_reports
from ingest.door import make_arrival
from worker.bulk import keep_doing_bulks
from worker.healing import Healer, keep_healing
from worker.nightly import keep_reconciling
from worker.process import run_worker


@click.command()
@click.option("--threads", default=16, show_default=True, type=click.IntRange(1, 256), help="Events at work at once.")
@click.option("--burst", is_flag=True, help="End when nothing is ready now.")
def worker(threads: int, burst: bool) -> None:
    """Work on events: map each, find or create its contact, post its document, record the ids."""
    deployment = start(posts=True)
    report = start_reports(deployment.settings.sentry_dsn)
    warn_of_shared_secrets(deployment)
    with redis_address(deployment.settings) as url, connect_redis(url) as redis:
        revive = partial(revive_redis, deployment.settings)
        desk = open_desk(deployment, ledger_of(deployment, redis), report=report, revive_redis=revive)
        click.echo(f"worker: {threads} threads for {names(deployment)}", err=True)
        for lack in desk.organizations.lacks():
            click.echo(f"! {lack}", err=True)
        if not burst:
            # A daemon: what it was at is met again by another.
            bulks = partial(keep_doing_bulks, desk, threading.Event())
            threading.Thread(target=bulks, name="bulk", daemon=True).start()
        if (at := deployment.settings.reconcile_at) and not burst:
            # A daemon: it only reads, and may end at any moment.
            arguments = (desk, at, threading.Event())
            threading.Thread(target=keep_reconciling, args=arguments, name="reconcile", daemon=True).start()
        if (hours := deployment.settings.heal_hours) and not burst:
            # A daemon, too: what it did not record yet it finds again.
            healer = Healer(desk=desk, keys=deployment.heal_keys, make_arrival=make_arrival)
            asking = partial(keep_healing, healer, hours * 3600, threading.Event())
            threading.Thread(target=asking, name="heal", daemon=True).start()
        run_worker(desk, lambda: connect_redis(url), threads=threads, burst=burst)

"""`bookhook heal`: asks senders what they had to tell, and records what never came."""

import sys
from collections import Counter
from datetime import UTC, datetime

import click

from cli.deployment import Deployment, read_deployment
from cli.desk import sit_at_desk
from cli.organizations import say
from cli.reconcile import check_since, instant
from errors import BookhookError
from ingest.door import make_arrival
from ledger.records import second
from worker.healing import KNOWN, MISSING, NOT_FOR_US, ON_ITS_WAY_SECONDS, Healer


@click.command()
@click.argument("connections", nargs=-1)
@click.option("--since", default="3d", show_default=True, help="So many days back, such as 3d, or a date.")
@click.option("--dry-run", is_flag=True, help="Only say what is missing.")
def heal(connections: tuple[str, ...], since: str, dry_run: bool) -> None:
    """Ask the senders of CONNECTIONS, or of all that can be asked, for what never came, and record it.

    What came in the last quarter of an hour may still be on its way and is left alone. Exits with 1 when a sender could
    not be asked or, in a dry run, when something is missing.
    """
    check_since(since)
    deployment = read_deployment()
    names = connections or tuple(deployment.heal_keys)
    _refuse_unknown(deployment, names)
    with sit_at_desk() as desk:
        healer = Healer(desk=desk, keys=deployment.heal_keys, make_arrival=make_arrival)
        until = desk.ledger.clock() - ON_ITS_WAY_SECONDS
        begin = instant(since, desk.ledger.clock(), UTC)
        fine = [_heal(healer, name, since=begin, until=until, dry=dry_run) for name in names]
    sys.exit(0 if all(fine) else 1)


def _refuse_unknown(deployment: Deployment, names: tuple[str, ...]) -> None:
    for name in names:
        if name not in deployment.connections:
            raise click.UsageError(f"There is no connection {name!r}.")
        if name in deployment.heal_lacks:
            raise click.UsageError(f"The sender of {name} cannot be asked: {deployment.heal_lacks[name]}.")
    if not names:
        raise click.UsageError("No connection's sender can be asked; see docs/healing.md for what that takes.")


def _heal(healer: Healer, name: str, *, since: float, until: float, dry: bool) -> bool:
    """Heals one connection and says what was found; gives whether all is well."""
    counts, trouble = Counter[str](), ""
    try:
        for found in healer.heal(name, since=since, until=until, dry=dry):
            counts[found.what] += 1
            if found.what == MISSING:
                click.echo(f"{name}: {found.topic} {found.order}  {found.event_id or 'is missing'}")
    except BookhookError as error:
        trouble = error.message
        click.echo(f"{name}: {say(error)}", err=True)
        return False
    finally:
        if not dry:
            healer.desk.ledger.heals.keep(name, listed=counts.total(), missing=counts[MISSING], trouble=trouble)
    begun = second(datetime.fromtimestamp(since, UTC))
    told = f"{counts[KNOWN]} known, {counts[NOT_FOR_US]} not for us"
    click.echo(f"{name}: since {begun} {counts[MISSING]} {'missing' if dry else 'recorded'}, {told}")
    return not (dry and counts[MISSING])

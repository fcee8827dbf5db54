"""`bookhook record`: real requests of a connection, kept as examples."""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import click

from cli.deployment import Deployment
from cli.ledgers import open_ledger
from cli.workshop.recording import NotKept, Recorder
from cli.workshop.redaction import Redaction
from config.connection import Connection
from ledger.ledger import Ledger
from ledger.records import Event
from mappings import BUILT_IN

POLL_SECONDS = 0.5


@click.command()
@click.argument("connection")
@click.option("--next", "following", type=click.IntRange(1, 1000), help="Wait for the next so many. By default 1.")
@click.option("--last", type=click.IntRange(1, 1000), help="Keep the last so many that are here already.")
@click.option(
    "--redact", is_flag=True, help="Replace names, addresses, numbers and e-mails; keep only headers that are read."
)
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), help="Where to; else the source's examples.")
def record(connection: str, following: int | None, last: int | None, redact: bool, into: Path | None) -> None:
    """Keep real requests of CONNECTION as examples, without their signatures; Ctrl-C ends the waiting."""
    if following and last:
        raise click.UsageError("Give --next or --last, not both.")
    with open_ledger() as (deployment, ledger):
        found = _find_connection(deployment, connection)
        source = deployment.configured[found.name]
        folder = into or source.folder / "examples"
        if folder.is_relative_to(BUILT_IN) and not redact:
            raise click.UsageError(
                "Say where to with --into: real people do not belong among the sources that come along."
            )
        recorder = Recorder(source, folder, Redaction() if redact else None)
        events = _last(ledger, connection, last) if last else _next(ledger, connection, following or 1)
        count = _keep_all(recorder, events)
    _tell(recorder)
    sys.exit(0 if count else 1)


def _find_connection(deployment: Deployment, name: str) -> Connection:
    if name not in deployment.connections:
        known = ", ".join(sorted(deployment.connections)) or "none"
        raise click.UsageError(f"There is no connection {name!r}; there are {known}.")
    return deployment.connections[name]


def _last(ledger: Ledger, connection: str, count: int) -> Iterator[Event]:
    """The newest events, the oldest of them first."""
    return reversed(list(ledger.events.list(connection=connection, newest=count)))


def _next(ledger: Ledger, connection: str, count: int) -> Iterator[Event]:
    """The next events as they come; ends early when it is interrupted."""
    click.echo(f"waiting for {count} to come to /hooks/{connection}; Ctrl-C ends", err=True)
    return islice(_coming(ledger, connection), count)


def _coming(ledger: Ledger, connection: str) -> Iterator[Event]:
    since, seen = datetime.fromtimestamp(ledger.clock(), UTC), set[str]()
    while True:
        for event in reversed(list(_since(ledger, connection, since))):
            if event.event_id not in seen:
                seen.add(event.event_id)
                yield event
        time.sleep(POLL_SECONDS)


def _since(ledger: Ledger, connection: str, since: datetime) -> Iterator[Event]:
    for event in ledger.events.list(connection=connection):
        if event.received_at < since:
            return
        yield event


def _keep_all(recorder: Recorder, events: Iterator[Event]) -> int:
    """Keeps one after the other and tells where; gives how many."""
    try:
        for event in events:
            try:
                click.echo(f"{event.event_id}  {event.topic}  {recorder.keep(event)}")
            except NotKept as reason:
                click.echo(f"{event.event_id}  {event.topic}  not kept: {reason}", err=True)
    except KeyboardInterrupt:
        pass
    return len(recorder.kept)


def _tell(recorder: Recorder) -> None:
    if recorder.redaction:
        told = ", ".join(
            f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(recorder.redaction.counts.items())
        )
        click.echo(
            f"replaced: {told or 'nothing'}. Read the files before you share them: a field may be called anything."
        )
    if recorder.kept:
        click.echo(f"Next: `bookhook test-source {recorder.source.name}`")

"""`bookhook backfill`: history from a file, recorded like what comes in at the door, but behind it in every queue."""

import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import click

from cli.deployment import Deployment, read_deployment
from cli.dry_run import Rehearsal, Stage, set_stage
from cli.jsonl import NotARequest, Requests
from cli.ledgers import open_ledger
from cli.wording import describe_trouble
from config.connection import Connection
from errors import NeedsAttention
from ingest.door import make_arrival
from ledger.arrivals import Arrival, identities
from ledger.backfills import Progress
from ledger.ledger import Ledger
from mappings import Received

HISTORY = 2  # the priority behind what happens now
LINES_A_NOTE = 100
DIFFERS = frozenset({"total_differs", "tax_differs"})


@click.command()
@click.argument("connection")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--topic", help="What lines are that hold a bare order: a topic of the source, such as orders/paid.")
@click.option(
    "--batch", help="A name for what is read, for `undo --batch`. Default: the connection and the file's digest."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be posted, ignored and parked; without any network.")
def backfill(connection: str, file: Path, topic: str | None, batch: str | None, dry_run: bool) -> None:
    """Record each line of FILE as an event of CONNECTION, to be posted behind everything that comes in.

    A line is a request ({"headers": …, "body": …} or "form" or "raw" in place of the body) or, with --topic, an order
    as the platform gives it. Interrupted, it goes on where it was; a line that was recorded before is not recorded
    again. Exits with 1 when a line cannot be read or, in a dry run, would be parked.
    """
    deployment = read_deployment()
    found = _find_connection(deployment, connection)
    requests = Requests(deployment.configured[connection], topic=topic, most_bytes=deployment.settings.max_body_bytes)
    requests.check_topic()
    if dry_run:
        sys.exit(_rehearse(file, requests, set_stage(requests.source, connection, deployment.settings), found))
    digest = _digest(file)
    sys.exit(_record(file, requests, found, digest=digest, batch=batch or f"{connection}-{digest[:12]}"))


def _find_connection(deployment: Deployment, name: str) -> Connection:
    if name not in deployment.connections:
        known = ", ".join(sorted(deployment.connections)) or "none"
        raise click.UsageError(f"There is no connection {name!r}; there are {known}.")
    return deployment.connections[name]


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _record(file: Path, requests: Requests, connection: Connection, *, digest: str, batch: str) -> int:
    with open_ledger() as (_, ledger), file.open("rb") as content:
        progress = _progress(ledger, batch, digest)
        content.seek(progress.offset)
        try:
            for line in _with_bar(content, file, requests, "recording"):
                outcome = _record_line(ledger, requests, connection, line, batch)
                progress = _advance(progress, content.tell(), outcome)
                if progress.lines % LINES_A_NOTE == 0:
                    ledger.backfills.keep(batch, progress, connection=connection.name, digest=digest)
        finally:
            ledger.backfills.keep(batch, progress, connection=connection.name, digest=digest)
    click.echo(
        f"batch {batch}: of {progress.lines} lines {progress.queued} are queued, {progress.ignored} ignored, "
        f"{progress.duplicate} recorded before, {progress.unreadable} unreadable"
    )
    return 1 if progress.unreadable else 0


def _progress(ledger: Ledger, batch: str, digest: str) -> Progress:
    """How far it has come; what could not be read may be readable now, with another topic or a corrected mapping."""
    progress = ledger.backfills.get(batch, digest)
    return Progress() if progress.unreadable else progress


def _with_bar(content: BinaryIO, file: Path, requests: Requests, label: str) -> Iterator[bytes]:
    """The lines from where the file stands, a bar moving with the bytes."""
    with click.progressbar(length=file.stat().st_size, label=label, file=sys.stderr) as bar:
        bar.update(content.tell())
        for line in requests.lines(content):
            yield line
            bar.update(content.tell() - bar.pos)


def _record_line(ledger: Ledger, requests: Requests, connection: Connection, line: bytes, batch: str) -> str:
    """What became of the line: queued, ignored, duplicate, unreadable, or empty."""
    if not line.strip():
        return "empty"
    try:
        received = requests.read(line)
    except NotARequest as trouble:
        click.echo(f"\n{trouble}: {line[:40]!r}", err=True)
        return "unreadable"
    arrival = make_arrival(connection, requests.source, received)
    return ledger.events.record(replace(arrival, priority=HISTORY, batch=batch)).status


def _advance(progress: Progress, offset: int, outcome: str) -> Progress:
    moved = replace(progress, offset=offset, lines=progress.lines + 1)
    return moved if outcome == "empty" else replace(moved, **{outcome: getattr(moved, outcome) + 1})


@dataclass
class _Tally:
    """What the lines of a dry run would come to; the first of each kind that would be parked is told."""

    posted: int = 0
    ignored: int = 0
    doubled: int = 0
    adjusted: int = 0
    parked: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    first: dict[tuple[str, str | None], str] = field(default_factory=dict)

    def add(self, rehearsal: Rehearsal) -> None:
        """Counts what would be posted or ignored."""
        self.posted += rehearsal.ignored is None
        self.ignored += rehearsal.ignored is not None
        self.adjusted += any(computed.plan.adjustment for computed in rehearsal.computed)

    def park(self, number: int, code: str, place: str | None, message: str) -> None:
        """Counts what would be parked."""
        self.parked[code, place] += 1
        self.first.setdefault((code, place), f"{describe_trouble(code, place, message)} (first in line {number})")

    def lines(self) -> Iterator[str]:
        """The report."""
        parked = self.parked.total()
        doubled = f", {self.doubled} repeated" if self.doubled else ""
        yield f"{self.posted} would be posted, {self.ignored} ignored, {parked} parked{doubled}"
        yield f"{sum(n for (code, _), n in self.parked.items() if code in DIFFERS)} differ from the sender's total"
        yield f"{self.adjusted} would be adjusted by the cents of rounding or by the sender's own adjustment"
        yield from (f"{count:>8}  {self.first[reason]}" for reason, count in self.parked.most_common())


def _rehearse(file: Path, requests: Requests, stage: Stage, connection: Connection) -> int:
    tally = _Tally()
    seen: set[bytes] = set()
    with file.open("rb") as content:
        for number, line in enumerate(_with_bar(content, file, requests, "rehearsing"), start=1):
            if line.strip() and (received := _read_line(tally, number, line, requests)):
                if _is_repeat(seen, make_arrival(connection, requests.source, received)):
                    tally.doubled += 1
                else:
                    _rehearse_line(tally, number, received, stage)
    click.echo("\n".join(tally.lines()))
    return 1 if tally.parked else 0


def _read_line(tally: _Tally, number: int, line: bytes, requests: Requests) -> Received | None:
    try:
        return requests.read(line)
    except NotARequest as trouble:
        tally.park(number, "unreadable", None, str(trouble))
        return None


def _is_repeat(seen: set[bytes], arrival: Arrival) -> bool:
    """Whether a line before had the same identity or the same body, as the ledger would find; notes this one's."""
    digests = identities(arrival)
    is_repeat = not seen.isdisjoint(digests)
    if not is_repeat:
        seen.update(digests)
    return is_repeat


def _rehearse_line(tally: _Tally, number: int, received: Received, stage: Stage) -> None:
    try:
        tally.add(stage.rehearse(received))
    except NeedsAttention as trouble:
        tally.park(number, trouble.code, trouble.field, trouble.message)

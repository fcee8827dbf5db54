"""`bookhook map`: the bodies a request would become and what they come to, by the code that posts."""

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import click
import simplejson

from cli.deployment import Deployment, read_deployment
from cli.dry_run import Call, Computed, Stage, set_stage
from cli.examples import find_example
from cli.wording import describe_trouble, without_event
from errors import NeedsAttention, RetryLater, TaxDiffers, TotalDiffers
from mappings import Received, Source
from zoho.arithmetic import LineTotals, Totals
from zoho.protocol import freeze

TIME_ZONE = (
    "the organization's time zone (times ending in Z and unix seconds become days in UTC unless {setting} is set), "
)
CANNOT_KNOW = (
    "a dry run cannot know: {time_zone}Zoho's exchange rate (added when posting in a foreign currency), and the rates "
    "of Zoho's taxes (the sender's are taken for them)"
)
COLUMNS = ("line", "quantity", "rate", "discount", "amount", "taxes", "total")


@click.command("map")
@click.argument("source")
@click.argument("request_name", metavar="CASE|REQUEST.JSON")
@click.option("--connection", help="As this connection of SOURCE has it: its options, its patch, what it decides.")
@click.option("--fetch", is_flag=True, help="Ask the sender's API for what the request lacks; needs a connection.")
def map_request(source: str, request_name: str, connection: str | None, fetch: bool) -> None:
    """Show the bodies that an example of SOURCE, or a request in a file, would become: names stand where ids would.

    SOURCE may be the name of a connection, too, in place of --connection. What is fetched for it is what the request's
    file says, and nothing is called, unless --fetch says so. Below the bodies stands what they come to by Zoho's
    arithmetic. What a dry run cannot know stands on standard error. Exits with 1 when the request, or an event of it,
    would be parked.
    """
    deployment = read_deployment(enough=source)
    stage = _find_stage(deployment, source, connection)
    events = _read(stage.source, request_name)
    complete = partial(_fetch, deployment, stage) if fetch else lambda event: event
    done = []
    for number, event in enumerate(events, start=1):
        if len(events) > 1:
            click.echo(f"event {number} of {len(events)}:")
        done.append(_rehearse(stage, event, complete))
    sys.exit(0 if all(done) else 1)


def _rehearse(stage: Stage, event: Received, complete: Callable[[Received], Received]) -> bool:
    """Shows what would come of an event; whether that is no parking."""
    try:
        rehearsal = stage.rehearse(complete(event))
    except RetryLater as trouble:
        raise click.ClickException(f"{trouble.message} Try again later.") from None
    except NeedsAttention as trouble:
        _tell(trouble)
        return False
    click.echo("\n".join(map(_told, rehearsal.calls)) or f"would be ignored: {rehearsal.ignored}")
    for computed in rehearsal.computed:
        click.echo(f"\n{_computation(computed)}")
    if rehearsal.calls:
        time_zone = TIME_ZONE.format(setting=stage.no_time_zone) if stage.no_time_zone else ""
        click.echo(CANNOT_KNOW.format(time_zone=time_zone), err=True)
    return not any(call.is_refused for call in rehearsal.calls)


def _fetch(deployment: Deployment, stage: Stage, event: Received) -> Received:
    """The event with what the connection's API answers; only this loads what calls."""
    completed: Received = importlib.import_module("cli.asking").ask(deployment, stage, event)
    return completed


def _tell(trouble: NeedsAttention) -> None:
    """Why it would be parked, below what its lines come to where that is the reason."""
    if isinstance(trouble, TotalDiffers | TaxDiffers) and isinstance(trouble.computed, Totals):
        totals = trouble.computed
        told = f"total {totals.total:f}, of which {totals.tax_total:f} is tax"
        click.echo("\n".join(("By Zoho's arithmetic:", *_lines(totals), told)))
    told = describe_trouble(trouble.code, trouble.field, trouble.message)
    click.echo(f"would be parked: {told}\nwhat to do: {without_event(trouble.remedy)}", err=True)


def _find_stage(deployment: Deployment, name: str, connection: str | None) -> Stage:
    source = deployment.configured.get(connection or name) or deployment.sources.get(name)
    if source is None:
        raise click.UsageError(f"There is no source {name!r}; there are {', '.join(sorted(deployment.sources))}.")
    if connection and (connection not in deployment.configured or source.name != name):
        ours = sorted(each.name for each in deployment.connections.values() if each.source == name)
        raise click.UsageError(
            f"There is no connection {connection!r} of {name}; there are {', '.join(ours) or 'none'}."
        )
    if (connection or name) not in deployment.configured:
        source = source.in_language(deployment.settings.options.language)
    return set_stage(source, connection or name, deployment.settings)


def _read(source: Source, name: str) -> list[Received]:
    """The events of a request: an example's by its case, or one in a file (`headers`, `body` or `raw`, `fetched`)."""
    if not name.endswith(".json"):
        example = find_example({source.name: source}, f"{source.name}/{name}")
        return example.events
    try:
        return source.events(source.read_request(Path(name)))
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{name} cannot be read as a request: {error}") from None


def _told(call: Call) -> str:
    """The call and its body as it would be sent, over several lines; amounts digit for digit."""
    title = f"{call.title} ({call.note})" if call.note else call.title
    if call.body is None:
        return title
    body = simplejson.loads(freeze(call.body), use_decimal=True)
    return f"{title}\n{simplejson.dumps(body, use_decimal=True, indent=2, ensure_ascii=False)}"


def _computation(computed: Computed) -> str:
    """A table of the lines and, below it, what is added and what the sender says."""
    totals, currency = computed.plan.totals, computed.currency_code
    reason = f" ({computed.plan.reason})" if computed.plan.reason else ""
    adjustment = [f"adjustment {computed.plan.adjustment:f}{reason}"] if computed.plan.adjustment else []
    total = f"total {totals.total:f} {currency}, of which {totals.tax_total:f} is tax; the sender's total is "
    return "\n".join(
        (
            f"{computed.name}, by Zoho's arithmetic:",
            *_lines(totals),
            *adjustment,
            f"{total}{computed.control_total:f} {currency}",
        )
    )


def _lines(totals: Totals) -> Iterator[str]:
    return _table([COLUMNS, *map(_row, totals.lines)])


def _row(line: LineTotals) -> tuple[str, ...]:
    taxes = " + ".join(f"{tax.name} {tax.amount:f}" for tax in line.taxes)
    priced = line.line
    return (
        priced.name,
        *(f"{number:f}" for number in (priced.quantity, priced.rate, priced.discount, line.amount)),
        taxes or "-",
        f"{line.total:f}",
    )


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        name, *cells = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join((row[0].ljust(len(name)), *cells)).rstrip()

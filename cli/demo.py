"""`bookhook demo`: every source's examples, signed and delivered for real, and what became of them."""

import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import click
import requests

from cli.demo_console import ENDED, tell_half_a_year
from cli.events import describe_fully
from cli.examples import answering_at
from cli.interrupts import interrupt_once
from cli.send import deliver
from cli.stage import Stage, set_stage
from cli.stand_ins import answers, expect
from console.facts import STANDING
from mappings import BUILT_IN, Example, load_sources
from mappings.playback import Answers

DEADLINE_SECONDS = 60.0
POLL_SECONDS = 0.05
# Every third delivery is repeated, as senders do when an acknowledgement gets lost.
REPEAT_EVERY = 3
AMOUNT = re.compile(r"-?\d+\.\d+")
HEADINGS = ("example", "event", "state", "contact", "document", "number", "total", "link or reason")
IN_ONE_LINE = (range(8),)
IN_THREE_LINES = (range(2), range(2, 7), range(7, 8))
NO_TERMINAL = 1000
WIDEST_RULE = 160
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Delivery:
    """One example and the event it became."""

    example: Example
    event_id: str

    @property
    def name(self) -> str:
        """The example as `bookhook send` takes it."""
        return _name(self.example)


@click.command()
@click.option("--once", is_flag=True, help="End after the table; exit with 0 only if everything ended as expected.")
def demo(once: bool) -> None:
    """Take example webhooks of every source through to documents in the sandbox, and show what became of each."""
    interrupt_once()
    wrong = None
    try:
        click.echo("Starting Redis, sandbox, web, worker and console …")
        with set_stage(load_sources(BUILT_IN)) as stage:
            wrong = _perform(stage)
            if once:
                click.echo("The links were served only while the demo ran; without --once it keeps serving.")
            else:
                _invite(stage)
                threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("\nStopped; nothing is left running.")
    sys.exit(INTERRUPTED if wrong is None else bool(wrong))


def _perform(stage: Stage) -> list[str]:
    """Delivers, watches and tells; gives what did not end as its example says."""
    click.echo(f"Bookhook is up: web {stage.web_url}, sandbox {stage.sandbox_url}, console {stage.console_url}")
    click.echo("Zoho's limits (100 calls a minute on the free plan) are lifted here, so that you need not wait.")
    deliveries, told = _deliver_in_waves(stage)
    click.echo("\n" + _table(deliveries, told))
    wrong = [line for delivery in deliveries for line in compare(delivery, told[delivery.event_id])]
    ended = len(deliveries) - len({line.split(":")[0] for line in wrong})
    click.echo(f"\n{ended} of {len(deliveries)} events ended as their examples say.")
    click.echo("\nHalf a year of a small shop, for the console …")
    shop = tell_half_a_year(stage)
    click.echo(", ".join(f"{count} {state.replace('_', ' ')}" for state, count in shop.counts.items()) + ".")
    wrong += shop.wrong
    for line in wrong:
        click.echo(f"  {line}")
    return wrong


def _deliver_in_waves(stage: Stage) -> tuple[list[Delivery], dict[str, dict[str, Any]]]:
    """Delivers every example once what it follows has ended; gives deliveries by name, and their events in full."""
    examples = [example for source in stage.deployment.sources.values() for example in source.examples()]
    deliveries: list[Delivery] = []
    told: dict[str, dict[str, Any]] = {}
    for wave in in_waves(examples, partial(answers, stage.deployment.sources)):
        click.echo("\nWhat followed these orders:\n" if deliveries else "")
        delivered = list(_deliver_all(stage, wave))
        click.echo("")
        told |= _watch(stage, delivered)
        deliveries += delivered
    return sorted(deliveries, key=lambda delivery: delivery.name), told


def in_waves(examples: Iterable[Example], answers: Callable[[Example], Answers]) -> Iterator[list[Example]]:
    """The examples in groups: each in a later one than those it follows, or than another whose answers are others.

    None has two about one order, of which either could come first; a cancellation is the last of them.
    """
    left = {_name(example): example for example in sorted(examples, key=_is_cancelled)}
    while left:
        ready, held, orders = dict[str, Example](), Answers(), set[str]()
        for name, example in left.items():
            order = f"{example.source}/{example.expected.get('once_per', name)}"
            if order in orders or _predecessors(example) & set(left):
                continue
            wanted = answers(example)
            if all(held.get(call, content) == content for call, content in wanted.items()):
                held |= wanted
                orders.add(order)
                ready[name] = example
        yield list(ready.values())
        left = {name: example for name, example in left.items() if ready and name not in ready}


def _is_cancelled(example: Example) -> bool:
    return "cancel" in example.expected.get("drafts", {})


def _predecessors(example: Example) -> set[str]:
    return {f"{example.source}/{case}" for case in example.expected.get("after", ())}


def _name(example: Example) -> str:
    return f"{example.source}/{example.case}"


def _deliver_all(stage: Stage, examples: Iterable[Example]) -> Iterator[Delivery]:
    with requests.Session() as session:
        for number, example in enumerate(examples):
            event_id = _deliver(stage, session, example)
            if number % REPEAT_EVERY == 0 and _deliver(stage, session, example) != event_id:
                raise click.ClickException(f"{_name(example)} was not recognised as a repeat.")
            yield Delivery(example, event_id)


def _deliver(stage: Stage, session: requests.Session, example: Example) -> str:
    """The id of the event the example became; a source with an answer of its own is looked up by its newest event."""
    connection = stage.deployment.connections[example.source]
    source = stage.deployment.sources[example.source]
    example = answering_at(source, example, f"{stage.sandbox_url}/_sandbox/slack/{example.case}")
    public_url = stage.deployment.public_url(connection)
    expect(stage.sandbox_url, source, example)
    answer = deliver(session, stage.web_url, source, example, secret=connection.secrets[0], public_url=public_url)
    if not answer.ok:
        raise click.ClickException(f"{_name(example)} was refused: {answer.status_code} {answer.text.strip()}")
    body = answer.json() if answer.headers.get("Content-Type", "").startswith("application/json") else {}
    said = body.get("status") or body.get("text") or ""
    say(f"→ {_name(example):<35} {answer.status_code} {said}")
    if "event_id" in body:
        return str(body["event_id"])
    return next(event.event_id for event in stage.ledger.events.list(connection=connection.name))


def _watch(stage: Stage, deliveries: list[Delivery]) -> dict[str, dict[str, Any]]:
    """Tells each event's steps as they happen, until all have ended or time is up; gives all events in full."""
    shown = dict.fromkeys((delivery.event_id for delivery in deliveries), 0)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        # Asked first: whoever reads along may keep it from saying something for a while.
        is_late = time.monotonic() > deadline
        told = {delivery.event_id: describe_fully(stage.ledger, delivery.event_id) or {} for delivery in deliveries}
        for delivery in deliveries:
            steps = told[delivery.event_id]["timeline"]
            for step in steps[shown[delivery.event_id] :]:
                say(f"  {delivery.name:<35} {step['step']:<19} {step['detail']}".rstrip())
            shown[delivery.event_id] = len(steps)
        if all(event["state"] in ENDED for event in told.values()) or is_late:
            return told
        time.sleep(POLL_SECONDS)


def compare(delivery: Delivery, event: dict[str, Any]) -> list[str]:
    """What differs between an event and what its example says of it."""
    expected = delivery.example.expected
    found = {"state": event["state"]}
    wanted = {"state": expected["state"]}
    document = next(iter(_documents(event)), {})
    for part, actual in (("document", document), ("error", event["error"] or {})):
        for name, value in (expected.get(part) or {}).items():
            wanted[f"{part} {name}"], found[f"{part} {name}"] = value, actual.get(name)
    return [
        f"{delivery.name}: {name} is {found[name]!r}, its example says {value!r}"
        for name, value in wanted.items()
        if _plain(found[name]) != _plain(value)
    ]


def _plain(value: object) -> object:
    """An amount without the noughts at its end, which say nothing; anything else as it is."""
    return format(Decimal(value).normalize(), "f") if isinstance(value, str) and AMOUNT.fullmatch(value) else value


def say(line: str) -> None:
    """Says it in one line of the terminal, cut off if need be."""
    columns = _columns()
    click.echo(line if len(line) <= columns else line[: columns - 1] + "…")


def _columns() -> int:
    return shutil.get_terminal_size(fallback=(NO_TERMINAL, 24)).columns


def _documents(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The event's posted documents of these kinds, the one that stands for it first."""
    wanted = [each for each in event["documents"] if each["kind"] in STANDING and each["state"] == "posted"]
    return sorted(wanted, key=lambda document: STANDING.index(document["kind"]))


def _table(deliveries: list[Delivery], told: dict[str, dict[str, Any]]) -> str:
    rows = [_row(delivery, told[delivery.event_id]) for delivery in deliveries]
    return lay_out(rows, columns=_columns())


def lay_out(rows: Sequence[tuple[str, ...]], *, columns: int) -> str:
    """The rows under their headings; on three lines each where one would not fit into a terminal of so many columns.

    Reasons may be longer than the terminal is wide, links and everything before them are not.
    """
    lines = _lines([HEADINGS, *rows], IN_ONE_LINE)
    if any(len(line) > columns for line, row in zip(lines[1:], rows, strict=True) if row[-1].startswith("http")):
        lines = _lines([HEADINGS, *rows], IN_THREE_LINES)
    heading, *rest = lines
    width = max(len(line) for line in "\n".join(lines).splitlines())
    return "\n".join([heading, "─" * min(width, columns, WIDEST_RULE), *rest])


def _lines(rows: Sequence[tuple[str, ...]], groups: Sequence[range]) -> list[str]:
    """Each row as text, its columns below one another; each group of columns on a line of its own, indented."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)] + [0]
    return [
        "\n  ".join("  ".join(row[column].ljust(widths[column]) for column in group).rstrip() for group in groups)
        for row in rows
    ]


def _row(delivery: Delivery, event: dict[str, Any]) -> tuple[str, ...]:
    documents = _documents(event)
    document = next(iter(documents), {})
    steps = {step["step"] for step in event["timeline"]}
    contact = next((word for word in ("created", "found") if f"contact_{word}" in steps), "")
    total = f"{document['total']} {document['currency_code']}" if document.get("total") else ""
    reason = next((step["detail"] for step in reversed(event["timeline"]) if step["detail"]), "")
    return (
        delivery.name,
        event["event_id"],
        event["state"],
        contact,
        ", ".join(dict.fromkeys(each["kind"] for each in documents)),
        document.get("number") or "",
        total,
        document.get("url") or reason,
    )


def _invite(stage: Stage) -> None:
    click.echo(
        f"""
What to look at next:
  {stage.console_url}   the console: log in as admin with the password {stage.console_password}
  {stage.sandbox_url}   the books these webhooks made
  docs/tutorial.md        the same by hand: your own secret, your own shop, then the real Zoho Books
  mappings/sources/       one folder per sender: how its events become documents
Everything keeps serving until Ctrl-C."""
    )

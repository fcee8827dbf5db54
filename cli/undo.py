"""`bookhook undo`: takes back what events led to, after a person has seen what that means."""

import sys
import time
from collections.abc import Iterable

import click

from cli.desk import is_at_terminal, say, sit_at_desk
from errors import BookhookError, QuotaExhausted
from worker.desk import Desk
from worker.undo import UNDONE, Step, carry_out, plan_undo

# What a person waits for at a terminal.
LONGEST_WAIT_SECONDS = 61.0
WORDS = {
    "delete": "will be deleted",
    "void": "will be voided",
    "forget": "counts as undone",
    "leave": "stays",
}


@click.command()
@click.argument("event_ids", nargs=-1)
@click.option("--batch", help="Every event of a backfill of this name.")
@click.option("--yes", is_flag=True, help="Carry the plan out without asking.")
def undo(event_ids: tuple[str, ...], batch: str | None, yes: bool) -> None:
    """Take back what events led to in Zoho: first the plan, then, when confirmed, its steps.

    Drafts, payments and expenses are deleted, invoices that were sent are voided; contacts stay. Exits with 1 when
    something could not be undone; it may be stopped and asked for again. Afterwards `retry` posts anew.
    """
    if bool(event_ids) == bool(batch):
        raise click.UsageError("Give the ids of events, or --batch with its name.")
    with sit_at_desk() as desk:
        chosen = list(event_ids) or list(desk.ledger.events.batch(batch or ""))
        known = {event_id: first for event_id in chosen if (first := _first_id(desk, event_id)) is not None}
        unknown = [event_id for event_id in chosen if event_id not in known]
        for event_id in unknown:
            click.echo(f"{event_id}: there is no such event", err=True)
        steps = _plan(desk, list(known.values()))
        show_plan(steps)
        left = undo_steps(desk, steps) if confirm(steps, yes=yes) else bool(steps)
    sys.exit(1 if left or unknown else 0)


def show_plan(steps: Iterable[Step]) -> None:
    """Prints what would happen to each document, and how it stands."""
    for step in steps:
        record = step.record
        number = record.number or record.zoho_id or record.business_key
        kind = record.kind.replace("_", " ")
        click.echo(f"{kind:<12} {number:<16} {WORDS[step.action]:<17} {step.stands}; event {record.event_id}")
        if step.remedy:
            click.echo(f"  what to do: {step.remedy}")


def confirm(steps: list[Step], *, yes: bool) -> bool:
    """Whether a person wants the plan carried out; without a terminal only --yes says so."""
    if all(step.action == "leave" for step in steps):
        click.echo("Nothing is to be undone.")
        return False
    if yes:
        return True
    if not is_at_terminal():
        click.echo("Nothing was changed. To carry it out: --yes.", err=True)
        return False
    return bool(click.prompt("Type yes to carry it out", default="no") == "yes")


def undo_steps(desk: Desk, steps: list[Step]) -> bool:
    """Carries the steps out and parks their events; gives whether something that was to be undone stands."""
    refused = _park(desk, [step for step in steps if step.action != "leave"])
    left = bool(refused) or any(step.remedy for step in steps)
    doable = [step for step in steps if step.action != "leave" and step.record.event_id not in refused]
    for step in doable:
        name = f"{step.record.kind.replace('_', ' ')} {step.record.number or step.record.zoho_id or ''}".rstrip()
        try:
            click.echo(f"{name}: {_patiently(desk, step)}")
        except BookhookError as trouble:
            click.echo(f"{name} stands: {say(trouble)}", err=True)
            left = True
    return left


def _plan(desk: Desk, event_ids: list[str]) -> list[Step]:
    for books in desk.books.values():
        with books.quota.yielding(time.sleep):
            return plan_undo(desk, event_ids)
    return []


def _first_id(desk: Desk, event_id: str) -> str | None:
    """The id of the event, the first one's for a repeat; its documents are kept though it may itself be gone."""
    event = desk.ledger.events.get(event_id)
    if event is not None:
        return event.event_id
    return event_id if desk.ledger.documents.of(event_id) else None


def _park(desk: Desk, steps: list[Step]) -> set[str]:
    """Takes the events out of the workers' hands; gives those that are at work now."""
    refused = set()
    for event_id in dict.fromkeys(step.record.event_id for step in steps):
        if obstacle := desk.ledger.undoing.park(event_id, UNDONE):
            click.echo(f"{event_id}: it is {obstacle}; undo it when it has ended", err=True)
            refused.add(event_id)
    return refused


def _patiently(desk: Desk, step: Step) -> str:
    """What was done; waits while the quota has no room, since a step that was not begun may begin again."""
    while True:
        try:
            return carry_out(desk, step)
        except QuotaExhausted as refusal:
            wait = refusal.retry_after_seconds or 1.0
            if wait > LONGEST_WAIT_SECONDS:
                raise
            time.sleep(wait)

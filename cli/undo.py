"""`bookhook undo`: takes back what events led to, after a person has seen what that means."""

import sys
from collections.abc import Iterable

import click

from cli.actions import WORDS, patiently, plan_patiently
from cli.desk import is_at_terminal, sit_at_desk
from cli.organizations import organization_option, say
from errors import BookhookError, Busy
from ledger.events import LEASE_SECONDS
from worker.desk import Desk
from worker.undo import UNDONE, Step, is_in_doubt

# States whose events lead to nothing more once they are parked, and what to do about those that cannot be.
COMING = frozenset({"queued", "waiting"})
NOT_YET = {
    "working": "it is at work; undo it when it has ended",
    "awaiting_approval": "it waits for approval; to end it: bookhook reject",
}


@click.command()
@click.argument("event_ids", nargs=-1)
@organization_option
@click.option("--batch", help="Every event of a backfill of this name.")
@click.option("--yes", is_flag=True, help="Carry the plan out without asking.")
def undo(event_ids: tuple[str, ...], organization: str | None, batch: str | None, yes: bool) -> None:
    """Take back what events led to in Zoho: first the plan, then, when confirmed, its steps.

    Drafts, payments and expenses are deleted, invoices that were sent are voided; contacts stay. Events that are not
    worked on yet are parked. Exits with 1 when something could not be undone; it may be stopped and asked for again.
    Afterwards `retry` posts anew.
    """
    if bool(event_ids) == bool(batch):
        raise click.UsageError("Give the ids of events, or --batch with its name.")
    with sit_at_desk(organization) as desk:
        chosen = list(event_ids) or _batch(desk, batch or "")
        chosen = _of_organization(desk, chosen) if organization else chosen
        firsts = {event_id: _first_id(desk, event_id) for event_id in chosen}
        unknown = [event_id for event_id, first in firsts.items() if first is None]
        for event_id in unknown:
            click.echo(f"{event_id}: there is no such event", err=True)
        left = _undo(desk, list(dict.fromkeys(first for first in firsts.values() if first)), yes=yes)
    sys.exit(1 if left or unknown else 0)


def _undo(desk: Desk, event_ids: list[str], *, yes: bool) -> bool:
    """Shows what would happen and, if a person agrees, does it; gives whether something that was to go is left."""
    coming, held = _unfinished(desk, event_ids)
    shown = plan_patiently(desk, event_ids)
    show_plan(shown)
    _show_unfinished(coming, held)
    if not (_ask(yes=yes) if coming else confirm(shown, yes=yes)):
        return bool(shown or coming or held)
    refused = _park(desk, coming)
    steps = _plan_anew(desk, event_ids, shown, set(coming) - refused) if coming else shown
    return undo_steps(desk, steps) or bool(refused or held)


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
    """Whether there is something to carry out and a person wants it; without a terminal only --yes says so."""
    if all(step.action == "leave" for step in steps):
        click.echo("Nothing is to be undone.")
        return False
    return _ask(yes=yes)


def undo_steps(desk: Desk, steps: list[Step]) -> bool:
    """Carries the steps out and parks their events; gives whether something that was to be undone stands."""
    wanted = [step for step in steps if step.action != "leave"]
    refused = _park(desk, [step.record.event_id for step in wanted])
    done = [_do(desk, step) for step in wanted if step.record.event_id not in refused]
    return bool(refused) or not all(done) or any(step.remedy for step in steps)


def _ask(*, yes: bool) -> bool:
    if yes:
        return True
    if not is_at_terminal():
        click.echo("Nothing was changed. To carry it out: --yes.", err=True)
        return False
    return bool(click.prompt("Type yes to carry it out", default="no") == "yes")


def _do(desk: Desk, step: Step) -> bool:
    """Carries one step out; says what was done, or why not."""
    name = f"{step.record.kind.replace('_', ' ')} {step.record.number or step.record.zoho_id or ''}".rstrip()
    try:
        click.echo(f"{name}: {patiently(desk, step)}")
    except Busy:
        click.echo(
            f"{name}: not done yet, as a worker or an undo that was stopped may still be at it; "
            f"undo again in {LEASE_SECONDS:.0f} seconds",
            err=True,
        )
    except BookhookError as trouble:
        click.echo(f"{name} stands: {say(trouble)}", err=True)
    else:
        return True
    return False


def _plan_anew(desk: Desk, event_ids: list[str], shown: list[Step], coming: set[str]) -> list[Step]:
    """The plan now that nothing more comes of these events: what they led to goes too; all else is as it was shown."""
    agreed = {step.record.business_key: step for step in shown}
    now = {step.record.business_key: step for step in plan_patiently(desk, event_ids)}
    return [
        step if step.record.event_id in coming else agreed[key]
        for key, step in now.items()
        if step.record.event_id in coming or key in agreed
    ]


def _unfinished(desk: Desk, event_ids: list[str]) -> tuple[list[str], dict[str, str]]:
    """The events that can be kept from leading to anything more, and those that cannot be now, with the reason.

    While it is not known whether one of its documents stands, an event goes on until it is.
    """
    events = [event for event_id in event_ids if (event := desk.ledger.events.get(event_id))]
    coming = [event.event_id for event in events if event.state in COMING and not is_in_doubt(desk, event.event_id)]
    return coming, {event.event_id: NOT_YET[event.state] for event in events if event.state in NOT_YET}


def _show_unfinished(coming: list[str], held: dict[str, str]) -> None:
    if coming:
        click.echo(
            f"events that have not ended: {len(coming)}; they will be parked and lead to nothing more, and what comes "
            "of them until then goes too"
        )
    for event_id, reason in held.items():
        click.echo(f"{event_id}: {reason}", err=True)


def _batch(desk: Desk, name: str) -> list[str]:
    """The batch's events; raises ClickException when there is no such batch."""
    if not (event_ids := list(desk.ledger.events.batch(name))):
        raise click.ClickException(f"There is no batch {name!r}.")
    return event_ids


def _of_organization(desk: Desk, event_ids: list[str]) -> list[str]:
    """Those of the events that are of the desk's organization, or of which that is not known; tells of the others."""
    left = []
    for event_id in event_ids:
        event = desk.ledger.events.get(event_id)
        if event is None or event.organization in desk.books:
            left.append(event_id)
        else:
            click.echo(f"{event_id}: it is of organization {event.organization}, and left alone", err=True)
    return left


def _first_id(desk: Desk, event_id: str) -> str | None:
    """The id of the event, the first one's for a repeat; its documents are kept though it may itself be gone."""
    event = desk.ledger.events.get(event_id)
    if event is not None:
        return event.event_id
    return event_id if desk.ledger.documents.of(event_id) else None


def _park(desk: Desk, event_ids: Iterable[str]) -> set[str]:
    """Takes the events out of the workers' hands; gives those that cannot be now, and says why."""
    refused = set()
    for event_id in dict.fromkeys(event_ids):
        if obstacle := desk.ledger.undoing.park(event_id, UNDONE):
            click.echo(f"{event_id}: {NOT_YET.get(obstacle, obstacle)}", err=True)
            refused.add(event_id)
    return refused

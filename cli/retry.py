"""`bookhook retry`: works on events again, unless a person says what is to become of them or has seen to them."""

import sys
from collections.abc import Mapping

import click

from cli.desk import is_at_terminal, login_name, sit_at_desk
from cli.ledgers import open_ledger
from cli.undo import confirm, show_plan, undo_steps
from ledger.ledger import Ledger
from worker.acceptance import accept, differing
from worker.desk import Desk
from worker.turns import end_by_hand, give_turn
from worker.undo import UNDONE, plan_undo

DIFFERS = frozenset({"total_differs", "tax_differs"})
CHOICES = {
    "c": "compare",
    "a": "accept",
    "v": "void",
    "n": "anew",
}


@click.command()
@click.argument("event_ids", nargs=-1)
@click.option("--state", type=click.Choice(["parked", "waiting"]), help="Retry every event in this state.")
@click.option("--accept", is_flag=True, help="Total differs: take it as right, as it stands in Zoho.")
@click.option("--void", is_flag=True, help="Total differs: take the document back, and leave it at that.")
@click.option("--anew", is_flag=True, help="Total differs: take the document back and post it anew.")
@click.option("--done", is_flag=True, help="It was seen to by hand: end the parked event, post nothing. Needs --note.")
@click.option(
    "--by", default=login_name, show_default="your login name", help="Who accepts a total, or has seen to it."
)
@click.option("--note", default="", help="With --done: what was done by hand.")
@click.option("--refetch", is_flag=True, help="Ask the sender's API anew for what was fetched for the events.")
@click.option("--yes", is_flag=True, help="Take documents back without asking.")
def retry(
    event_ids: tuple[str, ...], state: str | None, by: str, note: str, refetch: bool, yes: bool, **ways: bool
) -> None:
    """Hand parked or waiting events to the workers again; exits with 1 if any could not be.

    What was undone is posted anew when its event is named, never by its state. A document whose total differs is
    compared again, never posted, unless one of --accept, --void and --anew says otherwise; at a terminal that is asked.
    What a person has done by hand ends with --done, and is not handed on. What the sender's API answered before is used
    again, unless --refetch says otherwise.
    """
    if bool(event_ids) == bool(state):
        raise click.UsageError("Give the ids of events, or --state parked.")
    way = _only(ways, event_ids)
    _check_words(way, by=by, note=note)
    if refetch and way is not None:
        raise click.UsageError(f"--refetch and --{way} exclude each other: give one.")
    if way is None and not refetch and is_at_terminal() and event_ids:
        way = _ask(event_ids)
    if way in (None, "compare"):
        refused = _requeue_all(event_ids, state, refetch=refetch)
    elif way == "done":
        refused = _end_all(event_ids, by=by, note=note)
    else:
        refused = _settle_all(event_ids, way, by=by, yes=yes)
    sys.exit(1 if refused else 0)


def _only(ways: Mapping[str, bool], event_ids: tuple[str, ...]) -> str | None:
    """The one way that was asked for, if any; raises UsageError for several, or without single events."""
    asked = [way for way, is_asked in ways.items() if is_asked]
    if len(asked) > 1:
        raise click.UsageError(f"{' and '.join(f'--{way}' for way in asked)} exclude each other: give one.")
    if asked and not event_ids:
        raise click.UsageError(f"--{asked[0]} is for single events: give their ids.")
    return asked[0] if asked else None


def _check_words(way: str | None, *, by: str, note: str) -> None:
    if way == "done" and not note.strip():
        raise click.UsageError("--done needs --note: what was done by hand?")
    if way != "done" and note:
        raise click.UsageError("--note goes with --done.")
    if way in ("done", "accept") and not by.strip():
        raise click.UsageError("--by is empty: who has decided?")


def _end_all(event_ids: tuple[str, ...], *, by: str, note: str) -> int:
    with open_ledger() as (_, ledger):
        ended = [_end(ledger, event_id, by=by, note=note) for event_id in event_ids]
    return ended.count(False)


def _end(ledger: Ledger, event_id: str, *, by: str, note: str) -> bool:
    """Ends a parked event that was seen to by hand; says why not."""
    obstacle = end_by_hand(ledger, event_id, by=by, note=note)
    if obstacle is not None:
        click.echo(f"{event_id}: {obstacle}", err=True)
        return False
    click.echo(f"{event_id}: seen to by {by.strip()}; it has ended, and nothing is posted")
    return True


def _requeue_all(event_ids: tuple[str, ...], state: str | None, *, refetch: bool) -> int:
    with open_ledger() as (_, ledger):
        chosen = event_ids or _in_state(ledger, state)
        with click.progressbar(chosen, label="retrying", file=sys.stderr, hidden=len(chosen) < 100) as bar:
            handed = sum(_requeue(ledger, event_id, refetch=refetch) for event_id in bar)
    click.echo(f"{handed} handed to the workers")
    return len(chosen) - handed


def _in_state(ledger: Ledger, state: str | None) -> list[str]:
    """The events in the state, without what a person took back: that is posted anew only when it is named."""
    found = list(ledger.events.list(state=state))
    chosen = [event.event_id for event in found if event.error is None or event.error.code != UNDONE.code]
    if undone := len(found) - len(chosen):
        click.echo(f"{undone} undone left alone; to post one anew, give its id", err=True)
    return chosen


def _requeue(ledger: Ledger, event_id: str, *, refetch: bool = False) -> bool:
    """Gives the event its turn, what was undone a new generation; says why not."""
    obstacle = give_turn(ledger, event_id, refetch=refetch)
    if obstacle is not None:
        click.echo(f"{event_id}: {obstacle}", err=True)
    return obstacle is None


def _ask(event_ids: tuple[str, ...]) -> str | None:
    """What a person wants done with documents whose totals differ; None where there is none."""
    with open_ledger() as (_, ledger):
        events = [event for event_id in event_ids if (event := ledger.events.get(event_id))]
        asked = [event for event in events if event.error and event.error.code in DIFFERS]
        standing = [record for event in asked for record in ledger.documents.of(event.event_id)]
    standing = [record for record in standing if record.state == "posted" and not record.totals_agree]
    for record in standing:
        number = record.number or record.zoho_id
        click.echo(
            f"{record.kind} {number}: {record.total} in Zoho, {record.control_total} at the sender; {record.url}"
        )
    if not standing:
        return None
    told = "[c]ompare again, [a]ccept it as it stands, [v]oid or delete it, or post it a[n]ew"
    return CHOICES[click.prompt(told, type=click.Choice(list(CHOICES)), default="c", show_choices=False)]


def _settle_all(event_ids: tuple[str, ...], way: str, *, by: str, yes: bool) -> int:
    with sit_at_desk() as desk:
        done = [_settle(desk, event_id, way, by=by, yes=yes) for event_id in event_ids]
    return done.count(False)


def _settle(desk: Desk, event_id: str, way: str, *, by: str, yes: bool) -> bool:
    """Does what the person wants with what differs; gives whether it was done."""
    event = desk.ledger.events.get(event_id)
    if event is None or event.state != "parked" or not differing(desk.ledger, event.event_id):
        if way == "anew" and event is not None and event.state == "parked":
            return _requeue(desk.ledger, event.event_id)
        click.echo(f"{event_id}: nothing of it stands in Zoho with a total that differs", err=True)
        return False
    if way == "accept":
        return _accept(desk, event.event_id, by) and _requeue(desk.ledger, event.event_id)
    steps = plan_undo(desk, [event.event_id])
    show_plan(steps)
    if not confirm(steps, yes=yes) or undo_steps(desk, steps):
        return False
    return way == "void" or _requeue(desk.ledger, event.event_id)


def _accept(desk: Desk, event_id: str, by: str) -> bool:
    for record, posted in accept(desk, event_id, by=by):
        click.echo(f"{record.kind} {posted.number}: {posted.total} {posted.currency_code} accepted by {by}")
    return True

"""`bookhook approve` and `bookhook reject`: a person's word about events that wait for it."""

import secrets
import sys
from collections.abc import Callable
from typing import Any

import click

from cli.deployment import Deployment
from cli.desk import login_name, open_desk
from cli.events import open_ledger
from config.reports import tell_nobody
from drafts import Verdict
from ledger import Decided, Ledger
from worker.answers import tell_rejected

SAID = {"approve": "approved; it is handed to the workers", "reject": "rejected; nothing of it is posted"}


def _with_person(command: Callable[..., None]) -> Callable[..., None]:
    """Adds what both commands are told: the events, who decides, and why."""
    options: list[Callable[[Any], Any]] = [
        click.argument("event_ids", nargs=-1, required=True, metavar="EVENT_ID..."),
        click.option("--by", default=login_name, show_default="your login name", help="Who decides."),
        click.option("--note", help="Why; it is kept for ever."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@_with_person
def approve(event_ids: tuple[str, ...], by: str, note: str | None) -> None:
    """Let expenses that wait for approval be posted; exits with 1 if any could not be approved.

    Nobody approves their own: --by may not be one of the names of whoever submitted it.
    """
    _decide("approve", event_ids, by, note)


@click.command()
@_with_person
def reject(event_ids: tuple[str, ...], by: str, note: str | None) -> None:
    """Turn down expenses that wait for approval, and tell who sent them; exits with 1 if any could not be rejected."""
    _decide("reject", event_ids, by, note)


def _decide(verdict: Verdict, event_ids: tuple[str, ...], by: str, note: str | None) -> None:
    if not by.strip():
        raise click.UsageError("--by is empty: who decides?")
    with open_ledger() as (deployment, ledger):
        decided = [ledger.approvals.decide(each, verdict=verdict, by=(by.strip(),), note=note) for each in event_ids]
        for each in decided:
            click.echo(f"{each.event_id}: {each.obstacle or SAID[verdict]}", err=each.obstacle is not None)
        _tell(deployment, ledger, [each for each in decided if verdict == "reject" and _is_rejected(each)])
    sys.exit(1 if any(each.obstacle for each in decided) else 0)


def _is_rejected(decided: Decided) -> bool:
    """Whether it is, by this word or by one before that may have been cut short; nobody is told twice."""
    return decided.approval is not None and decided.approval.verdict == "reject"


def _tell(deployment: Deployment, ledger: Ledger, rejected: list[Decided]) -> None:
    """Tells whoever sent them, where their source asks for it; the decision stands, whatever becomes of that."""
    if not rejected or deployment.settings.organization is None:
        return
    desk = open_desk(deployment, ledger, report=tell_nobody)
    for each in rejected:
        event = ledger.events.get(each.event_id)
        if event is not None and each.approval is not None:
            tell_rejected(desk, event, f"It was {each.approval.in_words()}.", secrets.token_hex(8))

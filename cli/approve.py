"""`bookhook approve` and `bookhook reject`: a person's word about events that wait for it."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from cli.actions import tell_decision
from cli.deployment import Deployment
from cli.desk import login_name, open_desk
from cli.ledgers import open_ledger
from cli.organizations import open_organizations
from config.reports import tell_nobody
from drafts import Verdict
from ledger.approvals import Decided
from ledger.ledger import Ledger

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
        _tell(deployment, ledger, [each for each in decided if each.approval and each.approval.verdict == verdict])
    sys.exit(1 if any(each.obstacle for each in decided) else 0)


def _tell(deployment: Deployment, ledger: Ledger, decided: list[Decided]) -> None:
    """Tells whoever sent them or was asked, where their source asks for it; the decision stands, whatever comes of it.

    So also for a decision of before, which may have been cut short; nobody is told twice.
    """
    organizations = open_organizations(deployment.settings, ledger.redis)
    if not organizations:
        return
    open_ours = partial(open_desk, deployment, ledger, report=tell_nobody, organizations=organizations)
    for each in decided:
        event = ledger.events.get(each.event_id)
        if event is not None and each.approval is not None:
            tell_decision(ledger, open_ours, event, each.approval)

"""`bookhook stats`: how much there is to do, and what is left of each organization's quota."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from cli.events import moment, open_ledger
from ingest.spool import Spool
from ledger import STATES, Ledger
from zoho.books import Books


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def stats(as_json: bool) -> None:
    """Show how many events are in each state, and what is left of each organization's quota."""
    with open_ledger() as (deployment, ledger):
        organization = deployment.settings.organization
        told = {
            "events": ledger.events.counts(),
            "spooled": Spool(deployment.settings.spool).depth(),
            "organizations": [_organization_stats(Books(organization, redis=ledger.redis), ledger)]
            if organization
            else [],
        }
    click.echo(json.dumps(told, indent=2) if as_json else _stats_page(told))


def _organization_stats(books: Books, ledger: Ledger) -> dict[str, Any]:
    usage = books.usage()
    organization_id = books.organization.organization_id
    backlog = ledger.events.backlog(organization_id)
    clears_at = when_clear(backlog, usage, now=datetime.fromtimestamp(ledger.clock(), UTC))
    return {
        "id": organization_id,
        "backlog": backlog,
        "clears_at": moment(clears_at) if backlog else None,
        **usage,
        "paused": pause.reason if (pause := ledger.dispatch.paused(organization_id)) else books.paused(),
    }


def when_clear(backlog: int, usage: Mapping[str, int], *, now: datetime) -> datetime:
    """When a backlog is worked off at a call an event: today if the day's calls suffice, else days later (UTC days)."""
    left_today = max(0, usage["day_limit"] - usage["day_used"])
    if backlog <= left_today:
        return now + timedelta(minutes=backlog / usage["minute_limit"])
    days, rest = divmod(backlog - left_today - 1, usage["day_limit"])
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return tomorrow + timedelta(days=days, minutes=(rest + 1) / usage["minute_limit"])


def _stats_page(told: dict[str, Any]) -> str:
    lines = [f"{state:<18} {told['events'][state]}" for state in STATES]
    lines += [f"in the spool       {told['spooled']}"] if told["spooled"] else []
    for organization in told["organizations"]:
        lines += ["", f"organization {organization['id']}: {organization['backlog']} events not finished"]
        lines += [f"  cleared by about {organization['clears_at']}"] if organization["clears_at"] else []
        for window in ("minute", "day"):
            lines.append(
                f"  calls this {window}: {organization[f'{window}_used']} of {organization[f'{window}_limit']}"
            )
        lines.append(f"  in flight: {organization['in_flight']}")
        lines += [f"  paused: {organization['paused']}"] if organization["paused"] else []
    return "\n".join(lines)

"""`bookhook stats`: how much there is to do, and what is left of each organization's quota."""

import json
from typing import Any

import click

from cli.ledgers import open_ledger
from cli.organizations import open_organizations
from config.organizations import DEFAULT
from console import facts
from ingest.spool import Spool
from ledger.records import STATES
from zoho.shelf import Shelf


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def stats(as_json: bool) -> None:
    """Show how many events are in each state, and what is left of each organization's quota."""
    with open_ledger() as (deployment, ledger):
        organizations = open_organizations(deployment.settings, ledger.redis)
        books = Shelf(organizations, redis=ledger.redis)
        told = {
            "events": ledger.events.counts(),
            "spooled": Spool(deployment.settings.spool).depth(),
            "organizations": [facts.organization(each, ledger) for each in books.values()],
            "not_connected": [{"id": id_, "backlog": ledger.events.backlog(id_)} for id_ in organizations.missing()],
        }
    click.echo(json.dumps(told, indent=2) if as_json else _stats_page(told))


def _stats_page(told: dict[str, Any]) -> str:
    lines = [f"{state:<18} {told['events'][state]}" for state in STATES]
    lines += [f"in the spool       {told['spooled']}"] if told["spooled"] else []
    for organization in told["organizations"]:
        named = (
            organization["id"] if organization["name"] == DEFAULT else f"{organization['name']} ({organization['id']})"
        )
        lines += ["", f"organization {named}: {organization['backlog']} events not finished"]
        lines += [f"  cleared by about {organization['clears_at']}"] if organization["clears_at"] else []
        for window in ("minute", "day"):
            lines.append(
                f"  calls this {window}: {organization[f'{window}_used']} of {organization[f'{window}_limit']}"
            )
        lines.append(f"  in flight: {organization['in_flight']}")
        lines += [f"  paused: {organization['paused']}"] if organization["paused"] else []
    for each in told["not_connected"]:
        lines += ["", f"organization {each['id']}: not connected, {each['backlog']} events wait for it"]
    return "\n".join(lines)

"""`bookhook events` and `show`: what became of what came."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import click

from cli.ledgers import open_ledger
from cli.wording import describe_trouble
from ledger.approvals import DONE
from ledger.ledger import Ledger
from ledger.records import STATES, Event, second


@click.command()
@click.option("--state", type=click.Choice(STATES), help="Only events in this state.")
@click.option("--connection", help="Only events of this connection.")
@click.option("--find", help="Only events with this order number, e-mail address, or Zoho number or id.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="The newest so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def events(state: str | None, connection: str | None, find: str | None, limit: int, as_json: bool) -> None:
    """List events, newest first."""
    with open_ledger() as (_, ledger):
        found = _found(ledger, find) if find else ledger.events.list(state=state, connection=connection, newest=limit)
        for event in found:
            if state in (None, event.state) and connection in (None, event.connection):
                click.echo(json.dumps(event.as_json()) if as_json else _line(event))


def _found(ledger: Ledger, term: str) -> Iterator[Event]:
    """The events with this term, or that posted what has this id in Zoho."""
    posted = (ledger.documents.with_zoho_id(each, term) for each in ledger.dispatch.organizations())
    found = [*ledger.search.find(term), *(record.event_id for record in posted if record)]
    return (event for event_id in dict.fromkeys([*found, term]) if (event := ledger.events.get(event_id)))


@click.command()
@click.argument("event_id")
@click.option("--calls", "with_calls", is_flag=True, help="Also every call to Zoho; --json has them in any case.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def show(event_id: str, with_calls: bool, as_json: bool) -> None:
    """Show one event: its documents, its trouble and its timeline."""
    with open_ledger() as (_, ledger):
        told = describe_fully(ledger, event_id)
    if told is None:
        raise click.ClickException(f"There is no event {event_id}.")
    if as_json:
        return click.echo(json.dumps(told, indent=2))
    click.echo(_page(told))
    for call in told["calls"] if with_calls else ():
        click.echo(f"    {_describe_call(call)}")


def describe_fully(ledger: Ledger, event_id: str) -> dict[str, Any] | None:
    """The event as `show --json` gives it, or None."""
    event = ledger.events.get(event_id)
    if event is None:
        return None
    return {
        **event.as_json(),
        "approval": approval.as_json() if (approval := ledger.approvals.get(event.event_id)) else None,
        "calls": [call.as_json() for call in ledger.calls.of(event.event_id)],
        "documents": [record.as_json() for record in ledger.documents.of(event.event_id)],
        "timeline": [
            {"at": step.at, "step": step.step, "detail": step.detail} for step in ledger.events.timeline(event.event_id)
        ],
    }


def _line(event: Event) -> str:
    trouble = f"  {event.error.code}: {event.error.message}" if event.error else ""
    return f"{event.event_id}  {second(event.received_at)}  {event.state:<8}  {event.connection} {event.topic}{trouble}"


def _page(told: dict[str, Any]) -> str:
    attempts = told["attempts"]
    lines = [f"{told['event_id']}: {told['state']} after {attempts} attempt{'' if attempts == 1 else 's'}"]
    lines.append(f"  {told['connection']} {told['topic']}, received {told['received_at']}")
    if told["due_at"]:
        lines.append(f"  next try at {told['due_at']}")
    if told["error"]:
        error = told["error"]
        lines.append(f"  {describe_trouble(error['code'], error['field'], error['message'])}")
        lines += [f"  what to do: {error['remedy']}"] if error["remedy"] else []
    lines += [f"  {_describe_approval(told['approval'])}"] if told["approval"] else []
    for document in told["documents"]:
        number = document["number"] or document["zoho_id"] or ""
        total = f" {document['total']} {document['currency_code']}" if document["total"] else ""
        lines.append(f"  {document['kind']} {document['state']} {number}{total} {document['url'] or ''}".rstrip())
    lines += [f"    {step['at']}  {step['step']}  {step['detail']}".rstrip() for step in told["timeline"]]
    return "\n".join(lines)


def _describe_call(call: Mapping[str, Any]) -> str:
    answer = "no answer" if call["status"] is None else f"{call['status']}, code {call['code'] or 'none'}"
    filters = "&".join(f"{name}={value}" for name, value in call["params"].items())
    place = f"{call['path']}?{filters}" if filters else call["path"]
    count = "" if call["counted"] else ", not counted"
    told = f"{call['at']}  {call['method']} {place}  {answer}, {call['seconds']:.3f} s{count}: {call['message']}"
    return told.removesuffix(": ")


def _describe_approval(approval: Mapping[str, Any]) -> str:
    who = f"submitted by {' / '.join(approval['submitted_by']) or 'nobody named'}"
    if approval["verdict"] is None:
        return f"{approval['summary']}: waits for approval, {who}"
    note = f": {approval['note']}" if approval["note"] else ""
    done = f"{DONE[approval['verdict']]} by {' / '.join(approval['decided_by'])} at {approval['decided_at']}{note}"
    return f"{approval['summary']}: {done} ({who})"

"""`bookhook map`: the bodies a request would become, made by the code that posts, without any network."""

import re
import sys
from pathlib import Path
from typing import Any

import click
import simplejson

from cli.deployment import mapping_options, read_deployment
from cli.events import describe_trouble
from cli.send import find_example
from config.settings import Settings
from drafts import ContactDraft, Drafts, ExpenseDraft, InvoiceDraft
from errors import NeedsAttention
from ledger import marker
from mappings import Identity, Received, Source
from worker.contacts import named_contact
from worker.documents import business_key, contact_draft
from zoho.bodies import contact_body, expense_body, invoice_body
from zoho.names import NamesAsTheyAre
from zoho.protocol import freeze

NAMES = NamesAsTheyAre()
THEN_RETRY = re.compile(r", then retry( the event)?\.$")
CANNOT_KNOW = (
    "a dry run cannot know: the organization's time zone (times ending in Z and unix seconds become days in UTC unless "
    "ZOHO_TIME_ZONE is set), and Zoho's exchange rate (added when posting in a foreign currency)"
)


@click.command("map")
@click.argument("source")
@click.argument("request_name", metavar="CASE|REQUEST.JSON")
def map_request(source: str, request_name: str) -> None:
    """Show the bodies that an example of SOURCE, or a request in a file, would become: names stand where ids would.

    What a dry run cannot know stands on standard error. Exits with 1 when the request would be parked.
    """
    deployment = read_deployment()
    if source not in deployment.sources:
        raise click.UsageError(f"There is no source {source!r}; there are {', '.join(sorted(deployment.sources))}.")
    found = deployment.sources[source]
    received = _read(found, request_name)
    try:
        identity = _identify(found, received)
        calls = [] if identity.ignored else _dry_run(found, received, identity.topic, deployment.settings)
    except NeedsAttention as trouble:
        told = describe_trouble(trouble.code, trouble.field, trouble.message)
        remedy = THEN_RETRY.sub(".", trouble.remedy)  # there is no event yet
        click.echo(f"would be parked: {told}\nwhat to do: {remedy}", err=True)
        sys.exit(1)
    click.echo("\n".join(calls) or f"would be ignored: {identity.ignored}")
    if calls:
        click.echo(CANNOT_KNOW, err=True)


def _read(source: Source, name: str) -> Received:
    """A request: an example's by its case, or one in a file (`headers` with `body` or `raw`)."""
    if not name.endswith(".json"):
        example = find_example({source.name: source}, f"{source.name}/{name}")
        return Received(example.body, example.headers)
    try:
        return source.read_request(Path(name))
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{name} cannot be read as a request: {error}") from None


def _identify(source: Source, received: Received) -> Identity:
    identity = source.identify(received)
    if identity.problem:
        raise identity.problem
    return identity


def _dry_run(source: Source, received: Received, topic: str, settings: Settings) -> list[str]:
    """The calls in the order they would be made, one JSON object each; a connection is named like its source."""
    drafts = source.render(received, mapping_options(settings), topic=topic)
    unique_field = settings.organization.unique_field if settings.organization else None
    return _calls(source.name, drafts, unique_field)


def _calls(connection: str, drafts: Drafts, unique_field: str | None) -> list[str]:
    document = drafts.document
    contact = contact_draft(drafts)
    named = named_contact(contact, connection, document.currency_code) if contact else None
    mark = marker(business_key(connection, drafts), 1)
    calls = [("POST /contacts, unless it is there", _contact(named, document.currency_code))] if named else []
    if isinstance(document, InvoiceDraft):
        customer = named.contact_name if named else ""
        calls.append(("POST /invoices", _invoice(document, customer, mark, unique_field)))
    else:
        calls.append(("POST /expenses", _expense(document, mark, unique_field)))
    return [f"{call}\n{_indented(freeze(body))}" for call, body in calls]


def _indented(body: str) -> str:
    """The body as it would be sent, over several lines; amounts digit for digit."""
    return simplejson.dumps(simplejson.loads(body, use_decimal=True), use_decimal=True, indent=2, ensure_ascii=False)


def _contact(draft: ContactDraft, currency_code: str) -> dict[str, Any]:
    return dict(contact_body(draft, NAMES, contact_name=draft.contact_name, currency_code=currency_code))


def _invoice(draft: InvoiceDraft, customer_name: str, mark: str, unique_field: str | None) -> dict[str, Any]:
    body = invoice_body(draft, NAMES, customer_id="", marker=mark, unique_field=unique_field)
    return {"customer_name": customer_name, **{name: value for name, value in body.items() if name != "customer_id"}}


def _expense(draft: ExpenseDraft, mark: str, unique_field: str | None) -> dict[str, Any]:
    vendor = {"vendor_name": draft.vendor_name} if draft.vendor_name else {}
    return {**expense_body(draft, NAMES, marker=mark, unique_field=unique_field), **vendor}

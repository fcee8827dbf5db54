"""`bookhook map`: the bodies a request would become, made by the code that posts, without any network."""

import sys
from pathlib import Path
from typing import Any

import click
import simplejson

from cli.deployment import mapping_options, read_deployment
from cli.send import find_example
from drafts import ContactDraft, Drafts, ExpenseDraft, InvoiceDraft
from errors import NeedsAttention
from ledger import marker
from mappings import Options, Received, Source
from worker.contacts import named_contact
from worker.documents import business_key, contact_draft
from zoho.bodies import contact_body, expense_body, invoice_body
from zoho.names import NamesAsTheyAre
from zoho.protocol import freeze

NAMES = NamesAsTheyAre()


@click.command("map")
@click.argument("source")
@click.argument("request_name", metavar="CASE|REQUEST.JSON")
def map_request(source: str, request_name: str) -> None:
    """Show the bodies that an example of SOURCE, or a request in a file, would become: names stand where ids would.

    Exits with 1 when the request would be parked.
    """
    deployment = read_deployment()
    if source not in deployment.sources:
        raise click.UsageError(f"There is no source {source!r}; there are {', '.join(sorted(deployment.sources))}.")
    found = deployment.sources[source]
    try:
        told = _dry_run(found, _read(found, request_name), mapping_options(deployment.settings))
    except NeedsAttention as trouble:
        place = f" at {trouble.field}" if trouble.field else ""
        click.echo(f"would be parked: {trouble.code}{place}: {trouble.message}\nwhat to do: {trouble.remedy}", err=True)
        sys.exit(1)
    click.echo(told)


def _read(source: Source, name: str) -> Received:
    """A request: an example's by its case, or one in a file (`headers` with `body` or `raw`)."""
    if not name.endswith(".json"):
        example = find_example({source.name: source}, f"{source.name}/{name}")
        return Received(example.body, example.headers)
    try:
        return source.read_request(Path(name))
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{name} cannot be read as a request: {error}") from None


def _dry_run(source: Source, received: Received, options: Options) -> str:
    """The calls in the order they would be made, one JSON object each; a connection is named like its source."""
    identity = source.identify(received)
    if identity.problem:
        raise identity.problem
    if identity.ignored:
        return f"would be ignored: {identity.ignored}"
    drafts = source.render(received, options, topic=identity.topic)
    return "\n".join(_calls(source.name, drafts))


def _calls(connection: str, drafts: Drafts) -> list[str]:
    document = drafts.document
    contact = contact_draft(drafts)
    named = named_contact(contact, connection, document.currency_code) if contact else None
    mark = marker(business_key(connection, drafts), 1)
    calls = [("POST /contacts, unless it is there", _contact(named, document.currency_code))] if named else []
    if isinstance(document, InvoiceDraft):
        customer = named.contact_name if named else ""
        calls.append(("POST /invoices", _invoice(document, customer, mark)))
    else:
        calls.append(("POST /expenses", _expense(document, mark)))
    return [f"{call}\n{_indented(freeze(body))}" for call, body in calls]


def _indented(body: str) -> str:
    """The body as it would be sent, over several lines; amounts digit for digit."""
    return simplejson.dumps(simplejson.loads(body, use_decimal=True), use_decimal=True, indent=2, ensure_ascii=False)


def _contact(draft: ContactDraft, currency_code: str) -> dict[str, Any]:
    return dict(contact_body(draft, NAMES, contact_name=draft.contact_name, currency_code=currency_code))


def _invoice(draft: InvoiceDraft, customer_name: str, mark: str) -> dict[str, Any]:
    body = invoice_body(draft, NAMES, customer_id="", marker=mark)
    return {"customer_name": customer_name, **{name: value for name, value in body.items() if name != "customer_id"}}


def _expense(draft: ExpenseDraft, mark: str) -> dict[str, Any]:
    vendor = {"vendor_name": draft.vendor_name} if draft.vendor_name else {}
    return {**expense_body(draft, NAMES, marker=mark), **vendor}

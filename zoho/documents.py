"""The documents of one organization, of all four kinds: found, posted, read, listed, deleted.

Every function that calls Zoho may raise `ZohoUnavailable`, `QuotaExhausted` and `OrganizationPaused` (nothing was done)
and `ZohoRejected`; those that write, `OutcomeUnknown` as well. `deadline` is in unix seconds. Pages:
zoho.com/books/api/v3/{invoices,expenses,customer-payments,credit-notes}.
"""

from collections.abc import Iterator
from datetime import date
from itertools import islice

from drafts import DocumentKind
from errors import ZohoRejected, ZohoUnavailable
from zoho import protocol
from zoho.client import PAGE_SIZE, Client
from zoho.contacts import GONE
from zoho.protocol import RESOURCES, Row

MOST_ROWS = 1000
MOST_UNVERIFIED = 20


def create(client: Client, kind: DocumentKind, frozen_body: str, *, deadline: float | None = None) -> object:
    """What Zoho answers as the new document."""
    resource = RESOURCES[kind]
    return client.call(protocol.create(resource.path, frozen_body), deadline=deadline).get(resource.name)


def read(client: Client, kind: DocumentKind, zoho_id: str) -> Row:
    """The document with all its fields; `ZohoRejected` with `zoho_code` 1002 if it is gone."""
    resource = RESOURCES[kind]
    row = client.call(protocol.read(f"{resource.path}/{zoho_id}")).get(resource.name)
    if not isinstance(row, dict):
        raise ZohoUnavailable(f"Zoho's answer does not describe the {kind}.")
    return row


def status(client: Client, kind: DocumentKind, zoho_id: str) -> str | None:
    """The document's status in Zoho's word, "" if its kind has none; None when it is gone."""
    try:
        return str(read(client, kind, zoho_id).get("status") or "")
    except ZohoRejected as refusal:
        if refusal.zoho_code == GONE:
            return None
        raise


def delete(client: Client, kind: DocumentKind, zoho_id: str, *, deadline: float | None = None) -> None:
    """Deletes the document; Zoho refuses where something else rests on it."""
    client.call(protocol.remove(f"{RESOURCES[kind].path}/{zoho_id}"), deadline=deadline)


def listed(client: Client, kind: DocumentKind, *, since: date | None) -> Iterator[Row]:
    """The summaries of what was created on that day or later, newest first, whatever their status.

    A whole page of older rows ends the list, not the first: Zoho may ignore the order it is asked for.
    """
    older = 0
    for row in _newest_first(client, kind):
        older = older + 1 if since and _day_created(row) < since.isoformat() else 0
        if not older:
            yield row
        elif older >= PAGE_SIZE:
            return


def marked(client: Client, kind: DocumentKind, marker: str, *, reference_number: str) -> list[str]:
    """The ids of the documents whose reference number holds the marker as a word, newest first.

    Looks for the complete `reference_number` by Zoho's exact filter; finding nothing, for the marker alone.
    """
    found = _marked(client, kind, marker, reference_number=reference_number)
    return found or _marked(client, kind, marker, **{RESOURCES[kind].loose_reference_filter: marker})


def _marked(client: Client, kind: DocumentKind, marker: str, **filters: str) -> list[str]:
    """Among the newest MOST_ROWS that the filter gives.

    What is looked for is young, so that a filter Zoho ignored does not make us read all the books.
    """
    resource, ids, unverified = RESOURCES[kind], [], 0
    for row in islice(_newest_first(client, kind, **filters), MOST_ROWS):
        zoho_id = str(row[resource.id_field])
        if "reference_number" not in row:
            unverified += 1
            row = _verifiable(client, kind, zoho_id, unverified)
        if _is_marked(row, marker):
            ids.append(zoho_id)
    return list(dict.fromkeys(ids))


def _verifiable(client: Client, kind: DocumentKind, zoho_id: str, count: int) -> Row:
    """The whole document, for a summary without a reference: those of payments are not described to have one."""
    if count > MOST_UNVERIFIED:
        raise ZohoUnavailable(f"Zoho's list of {kind}s shows no reference numbers and does not filter by them.")
    return read(client, kind, zoho_id)


def _newest_first(client: Client, kind: DocumentKind, **filters: str) -> Iterator[Row]:
    resource = RESOURCES[kind]
    order = {"filter_by": resource.all_filter, "sort_column": "created_time", "sort_order": "D"}
    return client.rows(resource.path, **filters, **order)


def _day_created(row: Row) -> str:
    """In the organization's time zone; after every day if the row does not tell."""
    return str(row.get("created_time") or "9999")[:10]


def _is_marked(row: Row, marker: str) -> bool:
    return marker in str(row.get("reference_number") or "").split()

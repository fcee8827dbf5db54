"""Events, documents and organizations as JSON values, for pages and their twins."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from config.connection import Connection
from config.redaction import hide, redact
from console.services import Services
from drafts import ExpenseDraft
from ledger.failures import Failure
from ledger.ledger import Ledger
from ledger.records import DocumentRecord, Event, second
from zoho.books import Books

# What stands for an event in a list: a document with an amount, else a void; the foremost first.
STANDING = ("invoice", "expense", "credit_note", "payment", "void")
DEEPEST = 64
"""So deeply a body may be nested to be shown by its fields; what writes it out would not come to the end of all."""


def event_line(event: Event) -> dict[str, Any]:
    """An event in a list."""
    return {**event.as_json(), "order": event.order}


def event_lines(events: Sequence[Event], ledger: Ledger) -> list[dict[str, Any]]:
    """Events in a list, each with the document that stands for it."""
    documents = ledger.documents.of_each([event.event_id for event in events])
    return [{**event_line(event), "document": _main(documents[event.event_id])} for event in events]


def _main(records: Iterable[DocumentRecord]) -> dict[str, str | None] | None:
    """The posted document that stands for its event: the invoice of an order, not its contact."""
    posted = [record for record in records if record.kind in STANDING and record.state == "posted"]
    return min(posted, key=lambda record: STANDING.index(record.kind)).as_json() if posted else None


def shown_request(event: Event, *, reveal: bool) -> dict[str, Any]:
    """What came: headers and body; without `reveal`, private values are taken out and texts shortened to their kind."""
    headers: object = event.headers
    body: object = _parsed(event.body.decode("utf-8", "replace"))
    if not reveal:
        headers, body = redact(headers), hide(body)
    return {"headers": headers, "body": body, "is_revealed": reveal, "bytes": len(event.body)}


def expense(draft: ExpenseDraft) -> dict[str, Any]:
    """What somebody who decides about an expense wants to know of it."""
    return {
        "date": draft.date.isoformat(),
        "amount": f"{draft.amount:f}",
        "currency_code": draft.currency_code,
        "account_name": draft.account_name,
        "vendor_name": draft.vendor_name,
        "description": draft.description,
        "has_receipt": draft.receipt is not None,
    }


def group(failure: Failure) -> dict[str, Any]:
    """What is wrong with some events, how many of each connection, and their ids, newest first."""
    told = failure.trouble.as_json()
    return {
        "key": failure.key,
        "organization": failure.organization,
        **{name: told[name] for name in ("code", "message", "remedy", "field")},
        "varies": failure.varies,
        "count": failure.count,
        "connections": {name: len(ids) for name, ids in failure.events.items()},
        "event_ids": failure.event_ids,
    }


def organization(books: Books, ledger: Ledger) -> dict[str, Any]:
    """An organization's backlog, quota and pause."""
    usage, organization_id = books.usage(), books.organization.organization_id
    backlog, now = ledger.events.backlog(organization_id), datetime.fromtimestamp(ledger.clock(), UTC)
    pause = ledger.dispatch.paused(organization_id)
    paused = pause.reason if pause else books.paused()
    last = ledger.reconciliations.last(organization_id)
    return {
        "id": organization_id,
        "name": books.organization.name,
        "backlog": backlog,
        "clears_at": second(when_clear(backlog, usage, now)) if backlog and not paused else None,
        **usage,
        "paused": paused,
        "reconciled_at": second(datetime.fromtimestamp(last["at"], UTC)) if last else None,
        "differences": int(last["differences"]) if last else 0,
    }


def organization_of(connection: Connection, services: Services) -> dict[str, Any]:
    """The organization that a connection posts to, and why it is paused, if it is."""
    organization_id = services.organizations.meant(connection.organization_id)
    books, pause = services.books.get(organization_id), services.ledger.dispatch.paused(organization_id)
    name = books.organization.label if books else organization_id
    return {"name": name, "paused": pause.reason if pause else books.paused() if books else None}


def when_clear(backlog: int, usage: Mapping[str, int], now: datetime) -> datetime:
    """When a backlog is worked off at a call an event: today if the day's calls suffice, else days later (UTC days)."""
    left_today = max(0, usage["day_limit"] - usage["day_used"])
    if backlog <= left_today:
        return now + timedelta(minutes=backlog / usage["minute_limit"])
    days, rest = divmod(backlog - left_today - 1, usage["day_limit"])
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return tomorrow + timedelta(days=days, minutes=(rest + 1) / usage["minute_limit"])


def _parsed(text: str | None) -> object:
    """What a text says; the text itself where it is no JSON, or more deeply nested than anything that is shown."""
    if not text:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return text if _is_deeper(value, DEEPEST) else value


def _is_deeper(value: object, most: int) -> bool:
    level = [value]
    for _ in range(most):
        within = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [*chain.from_iterable(within)]
    return bool(level)

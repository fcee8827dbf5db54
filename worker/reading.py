"""How an event's mapping reads it: with what was fetched for it, and what its connection and organization decide."""

import json
from collections.abc import Mapping
from decimal import Decimal

from config.answers import lay_over
from config.connection import Connection
from drafts import ExpenseDraft
from errors import NeedsAttention
from ledger.records import Event
from mappings import Received, Source
from worker.options import mapping_options


def received_of(event: Event) -> Received:
    """The request as it came, with what was fetched for it, if all of it was."""
    kept = json.loads(event.fetched, parse_float=Decimal) if event.fetched else {}
    return Received(event.body, event.headers, kept.get("fetched"), at=event.received_at.timestamp())


def expense_of(
    sources: Mapping[str, Source], connections: Mapping[str, Connection], event: Event
) -> ExpenseDraft | None:
    """The expense an event asks for, as its mapping reads it now; None where it asks for none or cannot be read.

    Sources are by connection. Nobody is asked for anything: a moment that names no place is dated as in UTC.
    """
    source, connection = sources.get(event.connection), connections.get(event.connection)
    if source is None or connection is None or source.name != event.source:
        return None
    try:
        options = mapping_options(lay_over(connection.options, event.answers), "UTC")
        return source.render(received_of(event), options, topic=event.topic).expense
    except NeedsAttention:
        return None

"""Taking a total as right that is not the sender's, because a person says so."""

import secrets
from collections.abc import Iterator
from typing import cast

from drafts import DocumentKind
from ledger.ledger import Ledger
from ledger.records import DocumentRecord
from worker.desk import Desk
from worker.recording import recording_calls
from worker.undo import books_of
from zoho.protocol import Posted


def differing(ledger: Ledger, event_id: str) -> list[DocumentRecord]:
    """The event's documents that stand in Zoho with another total, or tax, than the sender's."""
    records = ledger.documents.of(event_id)
    return [record for record in records if record.state == "posted" and not record.totals_agree]


def accept(desk: Desk, event_id: str, *, by: str) -> Iterator[tuple[DocumentRecord, Posted]]:
    """Accepts each differing document of the event as it stands in Zoho now, and gives what it was and is.

    A total that changes afterwards has to be accepted anew. Raises Busy while a worker is at the document.
    """
    for record in differing(desk.ledger, event_id):
        with recording_calls(desk, event_id):
            posted = books_of(desk, record).read(cast(DocumentKind, record.kind), record.zoho_id or "")
        _write(desk, record, posted, by)
        words = f"{posted.total} {posted.currency_code}, not {record.control_total}, by {by}"
        desk.ledger.events.note(event_id, "total_accepted", words)
        yield record, posted


def _write(desk: Desk, record: DocumentRecord, posted: Posted, by: str) -> None:
    documents, key, lease = desk.ledger.documents, record.business_key, secrets.token_hex(8)
    documents.claim(key, event_id=record.event_id, lease=lease)
    try:
        read = {"total": posted.total, "tax_total": posted.tax_total, "accepted_total": posted.total}
        documents.write(key, lease, {**read, "accepted_by": by})
    finally:
        documents.release(key, lease)

"""The second lock: a custom field of the organization that takes no value twice holds the marker of each document.

It is sent in a plain POST. Zoho's upsert headers would write over what a bookkeeper has changed since
(zoho.com/books/api/v3/invoices). A refusal because of the field says that the document is there, and that alone.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from errors import NeedsAttention, OutcomeUnknown, ZohoRejected
from worker.desk import Desk
from worker.posting import Standing
from zoho.answers import ValueTaken

Look = Callable[[str, str], Standing | None]


@dataclass(frozen=True, slots=True)
class SecondLock:
    """The lock on one document, for whoever holds the lease on its key."""

    desk: Desk
    business_key: str
    kind: str
    lease: str

    def find_what_stands(self, body: str, refusal: ZohoRejected, look: Look) -> Standing | None:
        """What holds the marker of a refused body; None when the refusal has nothing to do with the marker.

        Zoho publishes no code for a taken value, so after any refusal it is looked for. While only Zoho's words tell
        of it: OutcomeUnknown, then it is looked for again; after settling, NeedsAttention (code `marker_taken`).
        """
        marker = _marker_in(body)
        standing = None if marker is None else look(marker, body)
        if marker is not None and standing is None and isinstance(refusal, ValueTaken):
            raise self._doubt(marker, refusal) from refusal
        return standing

    def _doubt(self, marker: str, refusal: ZohoRejected) -> OutcomeUnknown | NeedsAttention:
        documents, now = self.desk.ledger.documents, self.desk.ledger.clock()
        record = documents.get(self.business_key)
        first = record.taken_at if record and record.taken_at is not None else now
        if now - first > self.desk.settle_seconds:
            return NeedsAttention(
                f"Zoho says that there is a record with the marker {marker}, but none is found: {refusal.message}",
                code="marker_taken",
                field="custom_fields",
                remedy="Search for the marker in Zoho Books, deleted and changed records too. Put it back into the "
                "reference number of the document it belongs to, or clear it from one it does not; then retry.",
            )
        documents.write(self.business_key, self.lease, {"taken_at": first})
        return OutcomeUnknown(f"Zoho says that the {self.kind} is there already, but does not show it yet.")


def _marker_in(body: str) -> str | None:
    fields = json.loads(body).get("custom_fields")
    return str(fields[0]["value"]) if fields else None

"""What a person does about an event, in the ledger: takes back what it led to, has it done anew, or has seen to it.

The keys are those of ledger/events.py and ledger/documents.py.
"""

import json
import secrets
from collections.abc import Callable, Iterator

from redis import Redis

from ledger.approvals import LONGEST_NOTE
from ledger.archive import Archive
from ledger.documents import Documents
from ledger.payouts import nth_payout
from ledger.records import SEEN_TO, DocumentRecord, Trouble, moment
from ledger.scripts import load

# What is done to a document has a record of its own under the same name, and goes with it.
FOLLOW_UPS = {
    "invoice": ("sent", "email", "void", "restore"),
    "credit_note": ("payout", "credit"),
    "expense": ("receipt",),
}


class Undoing:
    """What the ledger does for `bookhook undo`, for the retry after it, and for what was done by hand."""

    def __init__(
        self, redis: Redis, documents: Documents, archive: Archive, *, clock: Callable[[], float], retention_days: int
    ) -> None:
        self._documents = documents
        self._archive = archive
        self._clock = clock
        self._retention = retention_days * 86400
        self._park = load(redis, "park_undone")
        self._see_to = load(redis, "see_to")

    def park(self, event_id: str, trouble: Trouble) -> str | None:
        """Parks an event, also one whose turn has not come; None when done.

        Else its state, when it is at work or waits for approval ('' when there is no such event).
        """
        self._archive.restore(event_id)
        error, detail = json.dumps(trouble.as_json()), f"{trouble.code}: {trouble.message}"
        answer = self._park(keys=[f"bh:event:{event_id}"], args=[event_id, moment(self._clock()), error, detail])
        return None if answer == 1 else answer.decode()

    def see_to(self, event_id: str, *, by: str, note: str) -> str | None:
        """Ends a parked event as `ignored`, since a person has seen to it by hand; None when done.

        Else its state, when it is not parked ('' when there is no such event). The words stand in its timeline.
        """
        self._archive.restore(event_id)
        now, words = self._clock(), f"{SEEN_TO} {_in_a_line(by)}: {_in_a_line(note)}"
        answer = self._see_to(keys=[f"bh:event:{event_id}"], args=[event_id, now, moment(now), self._retention, words])
        return None if answer == 1 else answer.decode()

    def follow_ups(self, record: DocumentRecord) -> list[DocumentRecord]:
        """The records of what was done to a document."""
        connection, _, name = record.business_key.split("/", 2)
        keys = [f"{connection}/{kind}/{name}" for kind in FOLLOW_UPS.get(record.kind, ())]
        found = [each for each in map(self._documents.get, keys) if each is not None]
        return found + (list(self._further_payouts(connection, name)) if record.kind == "credit_note" else [])

    def _further_payouts(self, connection: str, name: str) -> Iterator[DocumentRecord]:
        """The records of the refunds of a credit note after the first."""
        number = 2
        while (known := self._documents.get(f"{connection}/payout/{nth_payout(name, number)}")) is not None:
            yield known
            number += 1

    def unfinished(self, event_id: str) -> list[DocumentRecord]:
        """The event's documents whose undoing was begun and is not known to be done."""
        return [record for record in self._documents.of(event_id) if record.state == "undoing"]

    def permit_anew(self, event_id: str) -> None:
        """Begins the next generation of every document of the event that was undone, and of what was done to it.

        Raises Busy while a worker is at one of them.
        """
        undone = [record for record in self._documents.of(event_id) if record.state == "undone"]
        for record in undone:
            for each in (*self.follow_ups(record), record):
                self._begin_anew(each)

    def _begin_anew(self, record: DocumentRecord) -> None:
        key, lease = record.business_key, secrets.token_hex(8)
        claimed = self._documents.claim(key, event_id=record.event_id, lease=lease)
        try:
            if claimed.state == "undone":
                self._documents.begin_anew(key, lease)
        finally:
            self._documents.release(key, lease)


def _in_a_line(words: str) -> str:
    return " ".join(words.split())[:LONGEST_NOTE]

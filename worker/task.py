"""What one attempt at an event works with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from config.options import ConnectionOptions
from errors import Conflict
from ledger.documents import LeaseLost
from ledger.records import DocumentRecord, Event
from worker.desk import Desk
from worker.posting import Effect, Prepared, Standing, bring_about
from zoho.books import Books


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt at an event, in its organization's books, under the event's lease; that of its `order`, too.

    `created` are the business keys of what Zoho said, in this attempt, it has just created: nothing has happened to it.
    `terms` are what people will find the event by; the numbers of its documents in Zoho join them.
    """

    desk: Desk
    books: Books
    event: Event
    options: ConnectionOptions
    lease: str
    order: str | None = None
    created: set[str] = field(default_factory=set)
    terms: list[str] = field(default_factory=list)

    @property
    def organization(self) -> str:
        """The id of the organization."""
        return self.event.organization

    @property
    def time_zone(self) -> str:
        """The organization's time zone."""
        return self.books.organization.time_zone or self.books.names.time_zone() or "UTC"

    def today(self) -> date:
        """The organization's calendar day."""
        return datetime.fromtimestamp(self.desk.ledger.clock(), UTC).astimezone(ZoneInfo(self.time_zone)).date()

    def key(self, kind: str, once_per: str) -> str:
        """What names a document in the real world: connection, kind and what it is once per."""
        return f"{self.event.connection}/{kind}/{once_per}"

    def key_of_order(self, once_per: str) -> str:
        """What names an order in the ledger."""
        return f"{self.event.connection}/{once_per}"

    def record(self, kind: str, once_per: str) -> DocumentRecord | None:
        """What is on record of the document."""
        return self.desk.ledger.documents.get(self.key(kind, once_per))

    def records(self, *named: tuple[str, str]) -> list[DocumentRecord | None]:
        """What is on record of the documents, each given by kind and what it is once per; in one round trip."""
        return self.desk.ledger.documents.get_all([self.key(kind, once_per) for kind, once_per in named])

    def effect(
        self,
        kind: str,
        once_per: str,
        *,
        prepare: Callable[[str], Prepared | Standing],
        send: Callable[[str, float], Standing],
        look: Callable[[str, str], Standing | None],
        read: Callable[[str], Standing],
    ) -> Effect:
        """What brings about the document of a kind in the event's organization; see `Effect`."""
        key = self.key(kind, once_per)
        return Effect(
            business_key=key,
            kind=kind,
            organization=self.organization,
            prepare=prepare,
            send=send,
            look=look,
            read=read,
        )

    def bring_about(self, effect: Effect) -> DocumentRecord:
        """The posted record of the effect; raises Busy, OutcomeUnknown, Conflict or what sending raised."""
        record = bring_about(self.desk, effect, event_id=self.event.event_id, lease=self.lease, order=self.order)
        self._learn_number(record)
        return self.in_these_books(record)

    def in_these_books(self, record: DocumentRecord) -> DocumentRecord:
        """The record; raises Conflict when its document is in another organization's books."""
        if record.organization in (None, self.organization):
            return record
        raise Conflict(
            f"{record.number or record.zoho_id} is in the books of organization {record.organization}, but "
            f"{self.event.connection} posts to {self.organization} now.",
            code="other_organization",
            remedy="Nothing was changed in Zoho. See to it there by hand, then say so: bookhook retry --done. A shop "
            "whose books move needs a connection of a new name.",
        )

    def hold_order(self) -> None:
        """Raises LeaseLost when another worker has taken over the order: what was decided may not hold any more."""
        if self.order is not None and not self.desk.ledger.orders.is_held(self.order, self.lease):
            raise LeaseLost("Another worker has taken over this order.", retry_after_seconds=1)

    def begin_anew(self, kind: str, once_per: str) -> None:
        """Lets what was brought about before be brought about once more; raises Busy and LeaseLost."""
        documents, key = self.desk.ledger.documents, self.key(kind, once_per)
        documents.claim(key, event_id=self.event.event_id, lease=self.lease)
        try:
            documents.begin_anew(key, self.lease)
        finally:
            documents.release(key, self.lease)

    def mention(self, record: DocumentRecord) -> None:
        """Lists a document that stands already among the event's; raises Busy while another worker is at it."""
        documents = self.desk.ledger.documents
        documents.claim(record.business_key, event_id=self.event.event_id, lease=self.lease)
        documents.release(record.business_key, self.lease)
        self._learn_number(record)

    def _learn_number(self, record: DocumentRecord) -> None:
        if record.number:
            self.terms.append(record.number)

    def note(self, step: str, detail: str = "") -> None:
        """Adds a line to the event's timeline."""
        self.desk.ledger.events.note(self.event.event_id, step, detail)

"""Finding or creating the contact of a document: one per organization, kind, person and currency.

A person is the e-mail address, else the platform's own id within the connection, else the connection's walk-in
customer. Without an address the display name carries the identity, so that the name alone finds the contact again.

A display name that is taken may be somebody else's, or this very contact's while Zoho's search does not show it yet.
So the name is noted on the contact's record, the event waits, and only when a later look has found nothing either is
the next name tried: never two names in one go, and never while it is unknown whether a creation was carried out.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass

from drafts import ContactDraft
from errors import NeedsAttention, RetryLater
from ledger.records import DocumentRecord
from worker.desk import Desk
from worker.naming import named_contact
from worker.posting import Effect, Prepared, Standing
from zoho.answers import NameTaken
from zoho.books import Books
from zoho.contacts import Match, possible_names
from zoho.protocol import freeze, thaw

LOOK_AGAIN_SECONDS = 5.0


def contact_effect(
    desk: Desk,
    books: Books,
    draft: ContactDraft,
    *,
    connection: str,
    currency_code: str,
    lease: str,
    besides: str | None = None,
    may_differ: bool = True,
) -> Effect:
    """The effect that finds or creates the contact; one that is found with the id `besides` is known to be gone.

    Unless its currency `may_differ`, nobody who has a contact in another currency gets a second one.
    """
    known = named_contact(draft, connection, currency_code)
    business_key = contact_key(books, draft, connection, currency_code)
    search = _Search(desk, books, known, currency_code, business_key, lease, besides, may_differ)
    return Effect(
        business_key=business_key,
        kind="contact",
        organization=books.organization.organization_id,
        prepare=lambda marker: search.prepare(),
        send=search.send,
        look=lambda marker, body: search.look(),
        read=lambda contact_id: _standing(books, contact_id),
    )


def contact_key(books: Books, draft: ContactDraft, connection: str, currency_code: str) -> str:
    """What names the contact in the real world; it holds no address."""
    identity = _digest(_identity(draft, connection))
    return f"{books.organization.organization_id}/contact/{draft.contact_type}:{identity}:{currency_code}"


def forget_contact(desk: Desk, business_key: str, contact_id: str, *, event_id: str, lease: str) -> None:
    """Lets the contact be found or created anew, unless that has happened meanwhile; raises Busy and LeaseLost."""
    documents = desk.ledger.documents
    record = documents.claim(business_key, event_id=event_id, lease=lease)
    try:
        if record.state == "posted" and record.zoho_id == contact_id:
            documents.begin_anew(business_key, lease)
            desk.ledger.events.note(event_id, "contact_lost", f"{contact_id} is no longer there or inactive in Zoho")
    finally:
        documents.release(business_key, lease)


@dataclass(frozen=True, slots=True)
class _Search:
    """The steps to one contact, under the lease on its key."""

    desk: Desk
    books: Books
    draft: ContactDraft
    currency_code: str
    business_key: str
    lease: str
    besides: str | None
    may_differ: bool

    def look(self) -> Standing | None:
        match = self._match()
        return _standing(self.books, match.contact_id) if match and self._is_billable(match) else None

    def prepare(self) -> Prepared | Standing:
        record = self._record()
        left = (record.taken_at or 0.0) + LOOK_AGAIN_SECONDS - self.desk.ledger.clock()
        if left > 0:
            raise _name_taken(left)
        if (match := self._match()) is not None:
            if self._is_billable(match):
                return _standing(self.books, match.contact_id)
            if not self.may_differ:
                raise self._second_currency()
        if (name := self._next_name(record.taken_names)) is None:
            raise self._no_name_left()
        return Prepared(body=self.books.contact_body(self.draft, self.currency_code, contact_name=name))

    def send(self, body: str, deadline: float) -> Standing:
        try:
            return _standing(self.books, self.books.create_contact(body, deadline=deadline))
        except NameTaken as refusal:
            raise self._turn_to_next_name(body) from refusal

    def _match(self) -> Match | None:
        return self.books.find_contact(self.draft, self.currency_code, besides=self.besides)

    def _is_billable(self, match: Match) -> bool:
        """Whether the document can go to it: a contact with transactions keeps its currency."""
        return match.currency_code == self.currency_code

    def _second_currency(self) -> NeedsAttention:
        return NeedsAttention(
            f"The customer's contact in Zoho Books has another currency than {self.currency_code}, and a contact "
            "with transactions cannot change its currency.",
            code="contact_currency",
            field="currency_code",
            remedy="Create a contact of this currency with the customer's e-mail in Zoho Books, or let the "
            "connection create one (contact_currency: separate), then retry.",
        )

    def _turn_to_next_name(self, body: str) -> RetryLater | NeedsAttention:
        """Notes the taken name; after an earlier doubt the frozen body goes on under the next, when it has settled."""
        content, known = thaw(body), self._record().taken_names
        taken_names = {*known, content["contact_name"]}
        name = self._next_name(taken_names)
        if name is None and content["contact_name"] in known:
            return self._no_name_left()
        next_body = body if name is None else freeze({**content, "contact_name": name})
        self._write(
            frozen_body=next_body, taken_names=json.dumps(sorted(taken_names)), taken_at=self.desk.ledger.clock()
        )
        return _name_taken(LOOK_AGAIN_SECONDS)

    def _next_name(self, taken_names: Collection[str]) -> str | None:
        names = possible_names(self.draft, self.currency_code)
        return next((name for name in names if name not in taken_names), None)

    def _no_name_left(self) -> NeedsAttention:
        """A person may free a name, so the next try begins with the first."""
        self._write(taken_names=json.dumps([]))
        return NeedsAttention(
            "Every name for this contact is taken by another contact in Zoho Books.",
            code="contact_name_taken",
            field="contact_name",
            remedy="Rename or reactivate the contact of that name in Zoho Books, or correct its e-mail, then retry.",
        )

    def _record(self) -> DocumentRecord:
        record = self.desk.ledger.documents.get(self.business_key)
        if record is None:
            raise RetryLater("The contact's record is gone; it is being looked at again.")
        return record

    def _write(self, **fields: str | float) -> None:
        self.desk.ledger.documents.write(self.business_key, self.lease, fields)


def _name_taken(seconds: float) -> RetryLater:
    return RetryLater(
        "The contact's name is taken in Zoho, perhaps by the contact itself: it is looked for once more.",
        code="name_taken",
        retry_after_seconds=seconds,
    )


def _standing(books: Books, contact_id: str) -> Standing:
    return Standing(zoho_id=contact_id, url=books.contact_url(contact_id))


def _identity(draft: ContactDraft, connection: str) -> str:
    if draft.contact_type == "vendor":
        return f"name:{draft.contact_name.casefold()}"
    if draft.email:
        return f"email:{draft.email.casefold()}"
    if draft.customer_id:
        return f"customer:{connection}:{draft.customer_id}"
    return f"walk-in:{connection}"


def _digest(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()[:24]

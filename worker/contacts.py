"""Finding or creating the contact of a document: one per organization, kind, person and currency.

A person is the e-mail address, else the platform's own id within the connection, else the connection's walk-in
customer. Without an address the display name carries the identity, so that the name alone finds the contact again.
"""

import hashlib
from dataclasses import replace

from drafts import ContactDraft
from worker.desk import Desk
from worker.posting import Effect, Standing
from zoho.books import Books

# Zoho takes longer names, but searches for them with at most so many characters.
LONGEST_NAME = 99


def contact_effect(desk: Desk, books: Books, draft: ContactDraft, *, connection: str, currency_code: str) -> Effect:
    """The effect that finds or creates the contact."""
    identity = _identity(draft, connection)
    known = named_contact(draft, connection, currency_code)

    def look(marker: str, body: str) -> Standing | None:
        contact_id = books.find_contact(known, currency_code)
        return None if contact_id is None else _standing(books, contact_id)

    return Effect(
        business_key=f"{books.organization.organization_id}/contact/{draft.contact_type}:{_digest(identity)}:{currency_code}",
        kind="contact",
        prepare=lambda marker: look(marker, "") or known.contact_name,
        send=lambda body, deadline: _standing(books, books.create_contact(known, currency_code, deadline=deadline)),
        look=look,
        read=lambda contact_id: _standing(books, contact_id),
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


def named_contact(draft: ContactDraft, connection: str, currency_code: str) -> ContactDraft:
    """The draft under a name that is its own: only an address may share a name with somebody else."""
    if draft.email or draft.contact_type == "vendor":
        return draft
    if not draft.customer_id:
        return ContactDraft(contact_name=f"Walk-in customer ({connection}, {currency_code})")
    ending = f" ({connection} {draft.customer_id}, {currency_code})"
    return replace(draft, contact_name=draft.contact_name[: LONGEST_NAME - len(ending)].rstrip() + ending)


def _digest(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()[:24]

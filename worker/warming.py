"""Knowing an organization's customers before their first order: its list of contacts, read page by page.

A customer is known by e-mail and currency, as one that `zoho.contacts.find_contact` would find: active, and of several
the oldest. What the ledger has on record already stays as it is, so it can be run at any time, and twice. Vendors and
customers without an e-mail are known by a name that only an event tells, and are looked for when one does.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from drafts import ContactDraft
from worker.contacts import contact_key
from worker.desk import Desk
from zoho.books import Books
from zoho.contacts import created_at
from zoho.protocol import Row

YOUNGER = "with the e-mail of an older one"


@dataclass(slots=True)
class Warmed:
    """What a warm-up came to: `pages` cost a call each, `added` were not on record, `skipped` by why in words."""

    pages: int = 0
    known: int = 0
    added: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, order=True)
class _Customer:
    """The first in order is the one that is meant."""

    created_at: datetime
    contact_id: str


def warm(desk: Desk, books: Books, *, first_page: int = 1) -> Iterator[Warmed]:
    """Reads the customers from a page on and notes each page at once; gives what it came to so far after each.

    Raises what a call raises; what was read until then is noted.
    """
    warmed, meant, organization = Warmed(), dict[str, _Customer](), books.organization.organization_id
    for rows in books.customers(first_page=first_page):
        warmed.pages += 1
        contacts = list(_newly_meant(books, rows, meant, warmed))
        warmed.added += desk.ledger.documents.know_contacts(organization, contacts)
        warmed.known = len(meant)
        yield warmed


def _newly_meant(
    books: Books, rows: list[Row], meant: dict[str, _Customer], warmed: Warmed
) -> Iterator[tuple[str, str, str]]:
    """The key and id of each contact that is now known to be meant, and the id that was thought to be."""
    for row in rows:
        if (reason := _unfit(row)) is not None:
            warmed.skipped[reason] += 1
            continue
        key = _key(books, row)
        customer, before = _Customer(created_at(row), str(row["contact_id"])), meant.get(key)
        if before is not None and before.contact_id != customer.contact_id:
            warmed.skipped[YOUNGER] += 1
        if before is None or customer < before:
            meant[key] = customer
            yield key, customer.contact_id, before.contact_id if before else ""


def _unfit(row: Row) -> str | None:
    """Why no order could be told to be of this contact, or None; Zoho ignores filters without a word."""
    if row.get("contact_type") != "customer":
        return "that are no customers"
    if row.get("status") != "active":
        return "not active"
    if not row.get("contact_id") or not row.get("currency_code"):
        return "listed without an id or a currency"
    return None if str(row.get("email") or "").strip() else "without an e-mail"


def _key(books: Books, row: Row) -> str:
    draft = ContactDraft(contact_name=str(row.get("contact_name") or ""), email=str(row["email"]).strip())
    return contact_key(books, draft, "", str(row["currency_code"]).strip())

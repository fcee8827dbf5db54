"""Finds a contact that surely is the one meant, or creates it; never adopts somebody else.

A contact is the same if the type agrees, it is active, and its e-mail is the same apart from case; without an e-mail,
if its name is one we would give. Documents go to one of their currency. Zoho's search is not trusted: it is fuzzy, and
ignores filters it does not know. Facts: zoho.com/books/api/v3/contacts; display names are unique by default, and a
taken one answers 3062.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from os.path import commonprefix

from drafts import ContactDraft
from errors import OutcomeUnknown, ZohoRejected, ZohoUnavailable
from zoho import protocol
from zoho.bodies import TEXT_LIMIT
from zoho.client import Client
from zoho.protocol import Row

UNKNOWN_TIME = datetime.max.replace(tzinfo=UTC)
GONE = "1002"
OLDEST_ACTIVE_FIRST = {"filter_by": "Status.Active", "sort_column": "created_time", "sort_order": "A"}


@dataclass(frozen=True, slots=True)
class Match:
    """A contact that surely is the one meant, whatever its currency."""

    contact_id: str
    currency_code: str


def find_contact(
    client: Client, draft: ContactDraft, *, currency_code: str, besides: str | None = None
) -> Match | None:
    """The draft's contact, by one search: one of the currency if there is any, of several the oldest; else None.

    `besides` is an id that is known to be gone: lists may show it for a while.
    """
    names = [name.strip() for name in possible_names(draft, currency_code)]
    beginning = commonprefix(names)  # noqa: RUF071  these are no paths
    looked_for = {"email": draft.email} if draft.email else {"contact_name_startswith": beginning}
    found = [
        (_rank(row, draft, names, currency_code), Match(str(row["contact_id"]), _text(row, "currency_code")))
        for row in _search(client, draft, **looked_for)
        if _same(row, draft, names) and str(row["contact_id"]) != besides
    ]
    return min(found, key=itemgetter(0))[1] if found else None


def list_customers(client: Client, *, first_page: int = 1) -> Iterator[list[Row]]:
    """The summaries of all active customers page by page, the oldest first, as far as Zoho heeds what it is asked."""
    return client.pages("/contacts", {"contact_type": "customer", **OLDEST_ACTIVE_FIRST}, first=first_page)


def create_contact(client: Client, frozen_body: str, *, deadline: float | None = None) -> str:
    """The id of the contact created out of a frozen body; nothing is sent after `deadline` (unix seconds).

    Raises `NameTaken` when its name is in use, and the errors of `Client.call`.
    """
    answer = client.call(protocol.create("/contacts", frozen_body), deadline=deadline)
    contact = answer.get("contact")
    if not isinstance(contact, dict) or not contact.get("contact_id"):
        raise OutcomeUnknown("Zoho accepted the contact, but its answer names no contact.")
    return str(contact["contact_id"])


def is_usable(client: Client, contact_id: str) -> bool:
    """Whether documents can be posted to the contact: False when it is inactive, deleted or merged into another."""
    try:
        answer = client.call(protocol.read(f"/contacts/{contact_id}"))
    except ZohoRejected as refusal:
        return refusal.zoho_code != GONE
    contact = answer.get("contact")
    if not isinstance(contact, dict):
        raise ZohoUnavailable("Zoho's answer does not describe the contact.")
    return _text(contact, "status") == "active"


def possible_names(draft: ContactDraft, currency_code: str) -> list[str]:
    """Display names in the order they are tried: plain, with what tells two apart, with the currency too."""
    apart = draft.email or ("vendor" if draft.contact_type == "vendor" else None)
    endings = [apart] if apart else []
    endings.append(f"{apart}, {currency_code}" if apart else currency_code)
    return [draft.contact_name, *(_extended(draft.contact_name, ending) for ending in endings)]


def _extended(name: str, ending: str) -> str:
    room = max(TEXT_LIMIT - len(ending) - 3, 1)
    return f"{name[:room].rstrip()} ({ending})"


def _search(client: Client, draft: ContactDraft, **filters: str) -> Iterator[Row]:
    return client.rows("/contacts", **filters, contact_type=draft.contact_type, **OLDEST_ACTIVE_FIRST)


def _same(row: Row, draft: ContactDraft, names: list[str]) -> bool:
    """Whether the row is the draft's contact: by its e-mail, else by a name of ours."""
    email, name = _text(row, "email").casefold(), _text(row, "contact_name")
    return (
        bool(row.get("contact_id"))
        and _text(row, "contact_type") == draft.contact_type
        and _text(row, "status") == "active"
        and (draft.contact_type == "vendor" or email == (draft.email or "").strip().casefold())
        and (bool(draft.email) or name in names)
    )


def _rank(row: Row, draft: ContactDraft, names: list[str], currency_code: str) -> tuple[bool, int, datetime, str]:
    """What makes one the first choice: its currency, then its name where that is all there is, then its age."""
    name = 0 if draft.email else names.index(_text(row, "contact_name"))
    return _text(row, "currency_code") != currency_code, name, created_at(row), str(row["contact_id"])


def _text(row: Row, field: str) -> str:
    return str(row.get(field) or "").strip()


def created_at(row: Row) -> datetime:
    """When the contact was created; unreadable times come last."""
    try:
        created = datetime.fromisoformat(_text(row, "created_time"))
    except ValueError:
        return UNKNOWN_TIME
    return created if created.tzinfo else created.replace(tzinfo=UTC)

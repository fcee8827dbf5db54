"""Finds a contact that surely is the one meant, or creates it; never adopts somebody else.

A contact is the same if type and currency agree, it is active, and its e-mail is the same apart from case; without an
e-mail, if its name is one we would give. Zoho's search is not trusted: it is fuzzy, and ignores filters it does not
know. Facts: zoho.com/books/api/v3/contacts; display names are unique by default, and a taken one answers 3062.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from drafts import ContactDraft
from errors import OutcomeUnknown, ZohoRejected, ZohoUnavailable
from zoho import protocol
from zoho.bodies import TEXT_LIMIT
from zoho.client import Client
from zoho.protocol import Row

UNKNOWN_TIME = datetime.max.replace(tzinfo=UTC)
GONE = "1002"


def find_contact(
    client: Client, draft: ContactDraft, *, currency_code: str | None, besides: str | None = None
) -> str | None:
    """The id of the draft's contact, the oldest if there are several; None if there is none.

    `currency_code` None is any currency. `besides` is an id that is known to be gone: lists may show it for a while.
    """
    if draft.email:
        rows = _search(client, draft, email=draft.email)
        return _oldest([row for row in rows if _same(row, draft, currency_code)], besides)
    for name in possible_names(draft, currency_code or ""):
        rows = _search(client, draft, contact_name=name)
        named = [row for row in rows if _text(row, "contact_name") == name.strip()]
        if (contact_id := _oldest([row for row in named if _same(row, draft, currency_code)], besides)) is not None:
            return contact_id
    return None


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
    return client.rows(
        "/contacts",
        **filters,
        contact_type=draft.contact_type,
        filter_by="Status.Active",
        sort_column="created_time",
        sort_order="A",
    )


def _same(row: Row, draft: ContactDraft, currency_code: str | None) -> bool:
    """Whether the row is the draft's contact, given that it was found by e-mail or by a name of ours."""
    return (
        _text(row, "contact_type") == draft.contact_type
        and _text(row, "status") == "active"
        and currency_code in (None, _text(row, "currency_code"))
        and (draft.contact_type == "vendor" or _text(row, "email").casefold() == (draft.email or "").strip().casefold())
    )


def _text(row: Row, field: str) -> str:
    return str(row.get(field) or "").strip()


def _oldest(rows: list[Row], besides: str | None) -> str | None:
    known = [row for row in rows if row.get("contact_id") and str(row["contact_id"]) != besides]
    return min(((_created(row), str(row["contact_id"])) for row in known), default=(None, None))[1]


def _created(row: Row) -> datetime:
    """When the contact was created; unreadable times come last."""
    try:
        created = datetime.fromisoformat(_text(row, "created_time"))
    except ValueError:
        return UNKNOWN_TIME
    return created if created.tzinfo else created.replace(tzinfo=UTC)

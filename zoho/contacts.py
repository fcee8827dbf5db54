"""Finds a contact that surely is the one meant, or creates it; never adopts somebody else.

A contact is the same if type and currency agree, it is active, and its e-mail is the same apart from case; without an
e-mail, if its name is one we would give. Zoho's search is not trusted: it is fuzzy, and ignores filters it does not
know. Facts: zoho.com/books/api/v3/contacts; display names are unique by default, and a taken one answers 3062.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from drafts import ContactDraft
from errors import NeedsAttention, OutcomeUnknown
from zoho import protocol
from zoho.answers import NameTaken
from zoho.bodies import TEXT_LIMIT, Body, contact_body
from zoho.client import Client
from zoho.names import Names
from zoho.protocol import Row

UNKNOWN_TIME = datetime.max.replace(tzinfo=UTC)


def find_contact(client: Client, draft: ContactDraft, *, currency_code: str) -> str | None:
    """The id of the draft's contact, the oldest if there are several; None if there is none."""
    if draft.email:
        rows = _search(client, draft, email=draft.email)
        return _oldest([row for row in rows if _same(row, draft, currency_code)])
    for name in possible_names(draft, currency_code):
        if (contact_id := _find_by_name(client, draft, name, currency_code)) is not None:
            return contact_id
    return None


def create_contact(
    client: Client, draft: ContactDraft, *, currency_code: str, names: Names, deadline: float | None = None
) -> str:
    """The id of the contact created under the first free name; nothing is sent after `deadline` (unix seconds).

    A name that turns out to be taken by the same contact gives that contact: search had not shown it yet. Raises
    `NeedsAttention` (code `contact_name_taken`) when every name is somebody else's, and the errors of `Client.call`.
    """
    for name in possible_names(draft, currency_code):
        try:
            body = contact_body(draft, names, contact_name=name, currency_code=currency_code)
            return _create(client, body, deadline)
        except NameTaken:
            if (contact_id := _find_by_name(client, draft, name, currency_code)) is not None:
                return contact_id
    raise NeedsAttention(
        "Every name for this contact is taken by another contact in Zoho Books.",
        code="contact_name_taken",
        field="contact_name",
        remedy="Rename or reactivate the contact of that name in Zoho Books, or correct its e-mail, then retry.",
    )


def possible_names(draft: ContactDraft, currency_code: str) -> list[str]:
    """Display names in the order they are tried: plain, with what tells two apart, with the currency too."""
    apart = draft.email or ("vendor" if draft.contact_type == "vendor" else None)
    endings = [apart] if apart else []
    endings.append(f"{apart}, {currency_code}" if apart else currency_code)
    return [draft.contact_name, *(_extended(draft.contact_name, ending) for ending in endings)]


def _extended(name: str, ending: str) -> str:
    room = max(TEXT_LIMIT - len(ending) - 3, 1)
    return f"{name[:room].rstrip()} ({ending})"


def _create(client: Client, body: Body, deadline: float | None) -> str:
    answer = client.call(protocol.create("/contacts", protocol.freeze(body)), deadline=deadline)
    contact = answer.get("contact")
    if not isinstance(contact, dict) or not contact.get("contact_id"):
        raise OutcomeUnknown("Zoho accepted the contact, but its answer names no contact.")
    return str(contact["contact_id"])


def _find_by_name(client: Client, draft: ContactDraft, name: str, currency_code: str) -> str | None:
    rows = _search(client, draft, contact_name=name)
    return _oldest(
        [row for row in rows if _text(row, "contact_name") == name.strip() and _same(row, draft, currency_code)]
    )


def _search(client: Client, draft: ContactDraft, **filters: str) -> Iterator[Row]:
    return client.rows(
        "/contacts",
        **filters,
        contact_type=draft.contact_type,
        filter_by="Status.Active",
        sort_column="created_time",
        sort_order="A",
    )


def _same(row: Row, draft: ContactDraft, currency_code: str) -> bool:
    """Whether the row is the draft's contact, given that it was found by e-mail or by a name of ours."""
    return (
        _text(row, "contact_type") == draft.contact_type
        and _text(row, "status") == "active"
        and _text(row, "currency_code") == currency_code
        and (draft.email is None or _text(row, "email").casefold() == draft.email.strip().casefold())
    )


def _text(row: Row, field: str) -> str:
    return str(row.get(field) or "").strip()


def _oldest(rows: list[Row]) -> str | None:
    ids = [(_created(row), str(row["contact_id"])) for row in rows if row.get("contact_id")]
    return min(ids)[1] if ids else None


def _created(row: Row) -> datetime:
    """When the contact was created; unreadable times come last."""
    try:
        created = datetime.fromisoformat(_text(row, "created_time"))
    except ValueError:
        return UNKNOWN_TIME
    return created if created.tzinfo else created.replace(tzinfo=UTC)

"""Custom fields an organization has set up: which there are, and which of them take no value twice.

https://www.zoho.com/books/help/settings/customization/custom-fields.html (“Prevent Duplicate Values”)
"""

import re
from typing import Any

from sandbox.answers import ApiError, ControlError, Record, wrong_value
from sandbox.call import books, world

KINDS = {"invoice": "invoices", "expense": "expenses", "payment": "customerpayments", "creditnote": "creditnotes"}
_KEYS = ("organization_id", "kind", "api_name", "unique")
_API_NAME = re.compile(r"cf_[a-z0-9_]+")


def set_up(raw: Any) -> None:
    """Gives an organization a custom field on one kind of document; ControlError if it cannot be understood."""
    if not isinstance(raw, dict) or set(raw) - set(_KEYS):
        raise ControlError(f"a custom field is a JSON object with {', '.join(_KEYS)}")
    held = world().books.get(str(raw.get("organization_id")))
    if held is None:
        raise ControlError(f"no such organization; there are: {', '.join(world().books)}")
    if raw.get("kind") not in KINDS:
        raise ControlError(f'"kind" must be one of: {", ".join(KINDS)}')
    if not isinstance(raw.get("api_name"), str) or not _API_NAME.fullmatch(raw["api_name"]):
        raise ControlError('"api_name" must be a name such as cf_bookhook')
    if not isinstance(raw.get("unique", False), bool):
        raise ControlError('"unique" must be true or false')
    held.custom_fields[raw["kind"], raw["api_name"]] = raw.get("unique", False)


def shown() -> list[Record]:
    """Every custom field of every organization, as it was set up."""
    return [
        {"organization_id": organization_id, "kind": kind, "api_name": api_name, "unique": unique}
        for organization_id, held in world().books.items()
        for (kind, api_name), unique in held.custom_fields.items()
    ]


def check_custom_fields(body: Record, kind: str, *, own_id: str | None = None) -> None:
    """Refuses a field the organization does not have, and a value that another document of the kind has already."""
    for asked in body.get("custom_fields", []):
        api_name = asked.get("api_name")
        if api_name is None:
            continue
        unique = books().custom_fields.get((kind, api_name))
        if unique is None:
            raise ApiError(400, 2, f"Invalid field passed: the organization has no custom field {api_name} on {kind}s")
        if unique and str(asked.get("value", "")) and _is_taken(kind, asked, own_id):
            raise wrong_value(f"Another {kind} with the same value for {api_name} already exists.")


def _is_taken(kind: str, asked: Record, own_id: str | None) -> bool:
    wanted = str(asked["value"]).casefold()
    documents: dict[str, Record] = getattr(books(), KINDS[kind])
    return any(
        other.get("api_name") == asked["api_name"] and str(other.get("value", "")).casefold() == wanted
        for document_id, document in documents.items()
        for other in document.get("custom_fields", [])
        if document_id != own_id
    )

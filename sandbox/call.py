"""What a view knows about the call it answers: the world, the organization's books, the body, the time."""

from typing import Any, cast

from flask import current_app, g, request

from sandbox.answers import Record, parse_json, wrong_value
from sandbox.state import Books, World


def world() -> World:
    """The state behind this app."""
    return cast(World, current_app.extensions["sandbox"])


def books() -> Books:
    """The books of the organization this call names; the gate has checked it."""
    return cast(Books, g.books)


def json_body() -> Any:
    """The parsed body, or Zoho's refusal of a body that is not JSON."""
    if not request.is_json:
        raise wrong_value("Invalid value passed for JSONString")
    try:
        return parse_json(request.get_data())
    except ValueError:
        raise wrong_value("Invalid value passed for JSONString") from None


def timestamp() -> str:
    """Now, as Zoho writes times: `2026-11-20T12:00:00-0500`, in the organization's zone."""
    return books().local_time(world().clock()).strftime("%Y-%m-%dT%H:%M:%S%z")


def today() -> str:
    """The organization's calendar day, yyyy-mm-dd."""
    return books().local_time(world().clock()).date().isoformat()


def keep(records: dict[str, Record], record_id: str, record: Record) -> None:
    """Store a new record, out of sight of lists for a while if a fault says so."""
    records[record_id] = record
    hidden_until = g.get("hide_until")
    if hidden_until is not None:
        books().hidden_until[record_id] = hidden_until

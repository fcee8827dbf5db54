"""Which events a page is asked for: a state, a connection, a kind of document, days of UTC, and from where on."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from flask import abort

from ledger.bulks import Chosen
from ledger.lists import Place, Which
from ledger.records import STATES

FILTERS = ("state", "connection", "kind", "from", "to")
_DAY = timedelta(days=1)


def asked_for(fields: Mapping[str, str]) -> dict[str, str]:
    """Each filter as it was asked for, "" where it was not."""
    return {name: fields.get(name, "").strip() for name in FILTERS}


def which(asked: Mapping[str, str]) -> Which:
    """The events of the lists; refuses a day that is none."""
    return Which(
        state=asked["state"] if asked["state"] in STATES else None,
        connection=asked["connection"] or None,
        since=_midnight(asked["from"]),
        until=_midnight(asked["to"], days=1),
    )


def chosen(asked: Mapping[str, str], *, failure: str = "") -> Chosen:
    """The events that something is to be done about; refuses those of any state."""
    found = which(asked)
    if found.state is None:
        abort(400, "Choose a state first: what can be done about events depends on it.")
    return Chosen(
        state=found.state,
        connection=found.connection,
        since=found.since,
        until=found.until,
        kind=asked["kind"] or None,
        failure=failure or None,
    )


def write_place(place: Place) -> str:
    """The place as an address holds it."""
    return f"{place.received_at!r}:{place.event_id}"


def read_place(text: str) -> Place | None:
    """The place that an address holds; None for anything else."""
    moment, _, event_id = text.partition(":")
    try:
        return Place(datetime.fromtimestamp(float(moment), UTC).timestamp(), event_id)
    except (ValueError, OverflowError, OSError):
        return None


def _midnight(day: str, *, days: int = 0) -> float | None:
    """When the day begins, or so many days later, in unix seconds; None where the calendar ends before."""
    try:
        asked = date.fromisoformat(day) if day else None
    except ValueError:
        abort(400, "That is no day: write it like 2026-03-14.")
    if asked is None or asked > date.max - days * _DAY:
        return None
    return datetime.combine(asked + days * _DAY, time(), UTC).timestamp()

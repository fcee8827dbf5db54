"""What is done about many events at once: planned, begun, followed, cancelled."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import abort, request, url_for

from console.filters import asked_for, chosen, which
from console.frame import Pages
from console.guard import services, visitor
from console.notices import give_notice
from ledger.bulks import LEASE_SECONDS, Bulk, Deed

NEWEST = 50
# What can be done about events of a state.
CAN_BE_DONE: Mapping[str, tuple[Deed, ...]] = {
    "parked": ("retry", "end"),
    "waiting": ("retry",),
    "posted": ("replay",),
    "ignored": ("replay",),
    "rejected": ("replay",),
}
pages = Pages("bulk")


@pages.page("/bulk", "bulks.html")
def listing() -> dict[str, Any]:
    """What was done about many events, the newest first."""
    ledger = services().ledger
    return {"now": ledger.clock(), "bulks": [bulk.as_json() for bulk in ledger.bulks.newest(NEWEST)]}


@pages.page("/bulk/new", "bulk_new.html", may="operate")
def plan() -> dict[str, Any]:
    """How many events the filters let through, and what can be done about all of them."""
    asked = asked_for(request.args)
    filters = {name: value for name, value in asked.items() if value}
    count = services().ledger.events.count(which(asked))
    return {"filters": filters, "count": count, "deeds": list(CAN_BE_DONE.get(asked["state"], ()))}


@pages.page("/bulk/<bulk_id>", "bulk.html")
def one(bulk_id: str) -> dict[str, Any]:
    """How far it has come."""
    bulk, now = _bulk(bulk_id), services().ledger.clock()
    return {"now": now, "bulk": bulk.as_json(), "moves": not bulk.is_over or _may_be_counted(bulk, now)}


@pages.action("/bulk", may="operate")
def start() -> str:
    """Begins it on the events that are there now; what is being done already is not begun twice."""
    asked, deed = asked_for(request.form), request.form.get("deed", "")
    meant = chosen(asked, failure=request.form.get("failure", ""))
    if deed not in CAN_BE_DONE.get(meant.state, ()):
        abort(400, f"That cannot be done about events that are {meant.state.replace('_', ' ')}.")
    note, by = " ".join(request.form.get("note", "").split())[:500], visitor().person.name
    if deed == "end" and not note:
        _tell("Say why, or what was done by hand.", is_error=True)
        if meant.failure:
            return url_for("failures.listing")
        return f"{url_for('bulk.plan')}?{urlencode({name: value for name, value in asked.items() if value})}"
    told = ", ".join(value for value in (*asked.values(), note) if value)
    services().audit.note(by, f"bulk_{deed}", detail=told)
    bulk_id, is_new = services().ledger.bulks.start(deed, meant, by=by, note=note)
    if not is_new:
        _tell("It is being done already.")
    return url_for("bulk.one", bulk_id=bulk_id)


@pages.action("/bulk/<bulk_id>/cancel", may="operate")
def cancel(bulk_id: str) -> str:
    """Ends it where it has come to."""
    bulk, by = _bulk(bulk_id), visitor().person.name
    services().audit.note(by, "bulk_cancelled", subject=bulk.id)
    if services().ledger.bulks.cancel(bulk.id, by=by):
        _tell("It is cancelled: what it has not come to stays as it is.")
    else:
        _tell("It was over before.", is_error=True)
    return url_for("bulk.one", bulk_id=bulk.id)


def _may_be_counted(bulk: Bulk, now: float) -> bool:
    """Whether a worker may be at a piece that it had begun as the bulk was cancelled."""
    if bulk.state != "cancelled" or bulk.ended_at is None:
        return False
    return now - datetime.fromisoformat(bulk.ended_at).timestamp() < LEASE_SECONDS


def _bulk(bulk_id: str) -> Bulk:
    bulk = services().ledger.bulks.get(bulk_id)
    if bulk is None:
        abort(404, f"There is no bulk {bulk_id}, or it was kept no longer.")
    return bulk


def _tell(sentence: str, *, is_error: bool = False) -> None:
    give_notice(services().ledger.redis, visitor().session, sentence, is_error=is_error)

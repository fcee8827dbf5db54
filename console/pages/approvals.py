"""Expenses that wait for a person's word, and every word that was given."""

from typing import Any, cast, get_args

from flask import abort, request, url_for

from console import facts
from console.deciding import why_not
from console.filters import read_place, write_place
from console.frame import Pages
from console.guard import services, visitor
from console.listing import listed
from console.notices import give_notice
from drafts import Verdict
from errors import BookhookError
from ledger.approvals import Approval
from ledger.lists import Which
from ledger.records import Event

IN_A_PAGE = 25
HISTORY = 50
pages = Pages("approvals")


@pages.page("/approvals", "approvals.html")
def waiting() -> dict[str, Any]:
    """What waits, oldest last, a page at a time, and what was decided lately."""
    ledger, before = services().ledger, read_place(request.args.get("before", ""))
    page = listed(ledger, Which(state="awaiting_approval"), before=before, most=IN_A_PAGE)
    approvals = ledger.approvals.of_each(event.event_id for event in page.events)
    decided = [{"event_id": event_id, **approval.as_json()} for event_id, approval in ledger.approvals.decided(HISTORY)]
    return {
        "now": ledger.clock(),
        "waiting": [_waiting(event, approvals.get(event.event_id)) for event in page.events],
        "older": write_place(page.older) if page.older else None,
        "decided": decided,
    }


@pages.action("/approvals/<event_id>", may="approve")
def decide(event_id: str) -> str:
    """Approves or rejects."""
    verdict, note = _verdict(request.form.get("verdict", "")), " ".join(request.form.get("note", "").split())
    person = visitor().person
    services().audit.note(person.name, verdict, subject=event_id, detail=note)
    obstacle = _decide(event_id, verdict, note)
    if obstacle:
        services().audit.note(person.name, "refused", subject=event_id, detail=f"{verdict}: {obstacle}")
    done = "Approved; it is handed to the workers." if verdict == "approve" else "Rejected; nothing of it is posted."
    give_notice(services().ledger.redis, visitor().session, obstacle or done, is_error=obstacle is not None)
    return url_for("approvals.waiting")


def _decide(event_id: str, verdict: Verdict, note: str) -> str | None:
    person, event = visitor().person, services().ledger.events.get(event_id)
    approval = services().ledger.approvals.get(event_id)
    if event and (obstacle := why_not(services(), person, event, approval)):
        return obstacle
    try:
        return services().actions.decide(event_id, verdict, by=(*person.names, person.name), note=note)
    except BookhookError as trouble:
        return trouble.message


def _verdict(word: str) -> Verdict:
    if word not in get_args(Verdict):
        abort(400, "The verdict is approve or reject.")
    return cast(Verdict, word)


def _waiting(event: Event, approval: Approval | None) -> dict[str, Any]:
    """An event with what was asked, what it is for, and why the visitor may not decide, if so."""
    person = visitor().person
    expense = services().actions.expense(event) if person.may("examine") else None
    return {
        **facts.event_line(event),
        "approval": approval.as_json() if approval else None,
        "expense": facts.expense(expense) if expense else None,
        "obstacle": why_not(services(), person, event, approval),
    }

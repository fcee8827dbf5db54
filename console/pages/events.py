"""Every event: lists, one event, and what a person has done about it."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import abort, request, url_for

from console import facts, story
from console.filters import asked_for, read_place, which, write_place
from console.frame import Pages
from console.guard import services, visitor
from console.listing import Page, found, listed, listed_of_kind
from console.notices import give_notice
from console.pages.reconciled import in_words
from console.questions import asked_by
from errors import BookhookError, NeedsAttention
from ledger.records import STATES, Event

KINDS = ("invoice", "expense", "payment", "credit_note", "contact")
pages = Pages("events")


@pages.page("/events", "events.html")
def listing() -> dict[str, Any]:
    """Events by filters or a search, newest first, a page at a time."""
    asked, term, ledger = asked_for(request.args), request.args.get("find", "").strip(), services().ledger
    page = found(ledger, term, which(asked), asked["kind"]) if term else _page(asked)
    return {
        "asked": {**asked, "find": term, "before": request.args.get("before", "")},
        "filters": {name: value for name, value in asked.items() if value},
        "now": ledger.clock(),
        "states": STATES,
        "kinds": KINDS,
        "connections": list(ledger.events.connections()),
        "events": facts.event_lines(page.events, ledger),
        "older": write_place(page.older) if page.older else None,
    }


def _differing(event: Event) -> list[dict[str, Any]]:
    """What the last comparison with Zoho found of the event's documents."""
    kept = services().ledger.reconciliations.differing(event.organization)
    return [in_words(each) for each in kept if each["event_id"] == event.event_id]


def _way_to_zoho(event: Event) -> dict[str, Any]:
    """Whether the event's organization is connected, and why it is paused, if it is."""
    organization, pause = event.organization, services().ledger.dispatch.paused(event.organization)
    return {"is_connected": organization in services().organizations, "paused": pause.reason if pause else None}


def _page(asked: Mapping[str, str]) -> Page:
    chosen, before = which(asked), read_place(request.args.get("before", ""))
    if asked["kind"]:
        return listed_of_kind(services().ledger, chosen, asked["kind"], before=before)
    return listed(services().ledger, chosen, before=before)


@pages.page("/events/<event_id>", "event.html")
def one(event_id: str) -> dict[str, Any]:
    """One event: what to do next, what stands, what was sent and called, what came; step by step."""
    event, ledger = _event(event_id), services().ledger
    reveal = request.args.get("reveal") == "yes" and visitor().person.may("operate")
    if reveal:
        services().audit.note(visitor().person.name, "revealed", subject=event.event_id)
    approval = ledger.approvals.get(event.event_id)
    expense = services().actions.expense(event) if visitor().person.may("examine") else None
    documents, calls = ledger.documents.of(event.event_id), ledger.calls.of(event.event_id)
    rehearsed, differing = services().actions.rehearse(event), _differing(event)
    return {
        **facts.event_line(event),
        "now": ledger.clock(),
        "organization": event.organization,
        "is_known": event.source in services().known,
        "approval": approval.as_json() if approval else None,
        "expense": facts.expense(expense) if expense else None,
        "next": story.next_step(event, documents, differs=bool(differing), **_way_to_zoho(event)),
        "differing": differing,
        "is_fetched": bool(event.fetched),
        "question": asked_by(event),
        "documents": story.totals(documents, rehearsed.computed),
        "timeline": [
            {"at": step.at, "step": step.step, "detail": step.detail} for step in ledger.events.timeline(event.event_id)
        ],
        "bodies": story.bodies(event, documents, calls, rehearsed, reveal=reveal),
        "calls": [call.as_json(reveal=reveal) for call in calls],
        "came": facts.shown_request(event, reveal=reveal),
    }


@pages.page("/events/<event_id>/undo", "undo.html", may="operate")
def plan(event_id: str) -> dict[str, Any]:
    """What undoing the event would do."""
    event = _event(event_id)
    try:
        steps = services().actions.plan([event.event_id])
    except BookhookError as trouble:
        return {"event_id": event.event_id, "steps": [], "trouble": say(trouble)}
    told = [{name: getattr(step, name) for name in step.__slots__} for step in steps]
    return {"event_id": event.event_id, "steps": told, "trouble": None}


@pages.action("/events/<event_id>/retry", may="operate")
def retry(event_id: str) -> str:
    """Hands the event to the workers again."""
    _do(event_id, "retried", "It is handed to the workers.", services().actions.retry)
    return _back_to(event_id)


@pages.action("/events/<event_id>/fetch", may="operate")
def fetch_anew(event_id: str) -> str:
    """Hands the event to the workers again, who ask the sender's API anew for what they had fetched."""
    _do(event_id, "fetched_anew", "It is handed to the workers.", services().actions.fetch_anew)
    return _back_to(event_id)


@pages.action("/events/<event_id>/end", may="operate")
def end(event_id: str) -> str:
    """Ends a parked event that was seen to by hand."""
    note, by = request.form.get("note", "").strip(), visitor().person.name
    if not note:
        _tell("Say what was done by hand.", is_error=True)
        return _back_to(event_id)
    act = services().actions
    _do(event_id, "ended", "It has ended; nothing is posted.", lambda each: act.end(each, by=by, note=note), note)
    return _back_to(event_id)


@pages.action("/events/<event_id>/accept", may="operate")
def accept(event_id: str) -> str:
    """Takes totals that differ as right."""
    act, by = services().actions, visitor().person.name
    _do(event_id, "total_accepted", "The total counts as right.", lambda each: act.accept(each, by=by))
    return _back_to(event_id)


@pages.action("/events/<event_id>/undo", may="operate")
def undo(event_id: str) -> str:
    """Takes back the documents that were agreed to."""
    event, agreed = _event(event_id), request.form.getlist("business_key")
    services().audit.note(visitor().person.name, "undone", subject=event.event_id, detail=", ".join(agreed))
    try:
        for sentence in services().actions.undo([event.event_id], agreed):
            _tell(sentence)
    except BookhookError as trouble:
        _tell(say(trouble), is_error=True)
    return _back_to(event_id)


def say(trouble: BookhookError) -> str:
    """The trouble and, where a person can do something, what."""
    remedy = trouble.remedy if isinstance(trouble, NeedsAttention) else None
    return f"{trouble.message} {remedy}" if remedy else trouble.message


def _do(event_id: str, action: str, done: str, act: Callable[[str], str | None], detail: str = "") -> None:
    """Does it, on record first, and has the next page tell what came of it."""
    event = _event(event_id)
    services().audit.note(visitor().person.name, action, subject=event.event_id, detail=detail)
    try:
        obstacle = act(event.event_id)
    except BookhookError as trouble:
        obstacle = say(trouble)
    _tell(obstacle or done, is_error=obstacle is not None)


def _tell(sentence: str, *, is_error: bool = False) -> None:
    give_notice(services().ledger.redis, visitor().session, sentence, is_error=is_error)


def _back_to(event_id: str) -> str:
    return url_for("events.one", event_id=event_id)


def _event(event_id: str) -> Event:
    event = services().ledger.events.get(event_id)
    if event is None:
        abort(404, f"There is no event {event_id}, or it was kept no longer.")
    return event

"""What needs a person, by what is wrong; what people answered, once for all events that ask the same."""

from typing import Any, cast

from flask import abort, request, url_for

from config.answers import said_by
from console import facts
from console.frame import Pages
from console.guard import services, visitor
from console.listing import MOST_LOOKED_THROUGH
from console.notices import give_notice
from console.questions import asked, in_words, names_for
from errors import BookhookError, Question
from ledger.answers import Answer
from ledger.bulks import Chosen
from ledger.failures import Failure, key_of
from ledger.records import Event
from zoho.lookups import LIST_OF, Nameable

pages = Pages("failures")


@pages.page("/failures", "failures.html")
def listing() -> dict[str, Any]:
    """What needs a person, by what is wrong, and what an answer would mend."""
    ledger = services().ledger
    groups = [_told(failure) for failure in ledger.failures.newest(MOST_LOOKED_THROUGH)]
    return {"groups": groups, "most": MOST_LOOKED_THROUGH, "parked": ledger.events.counts()["parked"]}


@pages.page("/answers", "answers.html")
def answers() -> dict[str, Any]:
    """Every answer, by connection, and whether it counts."""
    ledger = services().ledger
    names = sorted({*ledger.events.connections(), *services().connections})
    told = {name: [_answered(answer) for answer in ledger.answers.of(name)] for name in names}
    return {"connections": {name: kept for name, kept in told.items() if kept}}


@pages.action("/failures/answer", may="operate")
def answer() -> str:
    """Keeps an answer for every connection that asks the same, and has all of their events retried."""
    event, name = _asking(request.form.get("event_id", "")), request.form.get("name", "")
    if event is None or event.error is None or event.error.question is None:
        _tell("It asks nothing any more.", is_error=True)
        return url_for("failures.listing")
    if name not in (names_for(event.error.question, event.organization) or ()):
        _tell(f"Zoho has no “{name}” that we know of: choose one of the list, or read it anew.", is_error=True)
        return url_for("failures.listing")
    key = key_of(event.error, event.organization)
    for connection in _connections_asking(key, event):
        _keep(connection, event.error.question, name)
    bulk_id, _ = services().ledger.bulks.start(
        "retry", Chosen(state="parked", failure=key), by=visitor().person.name, note=event.error.message
    )
    return url_for("bulk.one", bulk_id=bulk_id)


@pages.action("/failures/names", may="operate")
def read_names() -> str:
    """Reads the taxes or the accounts of an organization anew from Zoho."""
    kind, organization = request.form.get("kind", ""), request.form.get("organization", "")
    books = services().books.get(organization)
    if kind not in LIST_OF or books is None:
        abort(400, "There is no such list.")
    try:
        books.names.read_names(cast(Nameable, kind))
    except BookhookError as trouble:
        _tell(trouble.message, is_error=True)
    else:
        _tell(f"The {LIST_OF[cast(Nameable, kind)]} are as Zoho has them now.")
    return url_for("failures.listing")


@pages.action("/answers/<connection>", may="operate")
def change(connection: str) -> str:
    """Puts another answer in place of one, or takes it back; for what comes from now on."""
    kept = {each.question.key: each for each in services().ledger.answers.of(connection)}
    answer, name = kept.get(request.form.get("key", "")), request.form.get("name", "")
    if answer is None:
        abort(404, "There is no such answer any more.")
    if "take_back" in request.form:
        services().audit.note(visitor().person.name, "answer_taken_back", subject=connection, detail=answer.name)
        services().ledger.answers.take_back(connection, answer.question)
        _tell("It is taken back: what asks for it from now on is parked again.")
    elif name in (names_for(answer.question, _organization(connection)) or ()):
        _keep(connection, answer.question, name)
        _tell("It counts from the next event on. What is posted stays as it is.")
    else:
        _tell(f"Zoho has no “{name}” that we know of.", is_error=True)
    return url_for("failures.answers")


def _told(failure: Failure) -> dict[str, Any]:
    question = failure.trouble.question
    return {**facts.group(failure), "question": asked(question, failure.organization) if question else None}


def _answered(answer: Answer) -> dict[str, Any]:
    connection = services().connections.get(answer.connection)
    organization = _organization(answer.connection)
    return {
        **asked(answer.question, organization),
        **answer.as_json(),
        "key": answer.question.key,
        "in_file": said_by(connection.options, answer.question) if connection else None,
    }


def _organization(connection: str) -> str:
    known = services().connections.get(connection)
    return known.organization_id if known else ""


def _asking(event_id: str) -> Event | None:
    event = services().ledger.events.get(event_id)
    return event if event and event.state == "parked" else None


def _connections_asking(key: str, event: Event) -> list[str]:
    """The event's connection, and the others of its organization whose newest failures ask the same."""
    failures = services().ledger.failures.newest(MOST_LOOKED_THROUGH)
    same = (name for failure in failures if failure.key == key for name in failure.events)
    return list(dict.fromkeys([event.connection, *same]))


def _keep(connection: str, question: Question, name: str) -> None:
    by = visitor().person.name
    services().audit.note(by, "answered", subject=connection, detail=f"{in_words(question)}: {name}")
    services().ledger.answers.give(connection, question, name=name, by=by)


def _tell(sentence: str, *, is_error: bool = False) -> None:
    give_notice(services().ledger.redis, visitor().session, sentence, is_error=is_error)

"""Trying an edited mapping on one request: what would come of it, with nothing called, recorded or gone live."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import request

from console.frame import Download, Pages
from console.guard import services, visitor
from console.pages.mappings import find_source
from console.trying import NotTried, Wanted, find_event, find_example, read_form, read_pasted, request_of
from console.tryouts import TooBusy, Tried, Version
from console.versions import comes_along, excerpt
from ledger.records import Event, second
from mappings.describing import read_cases, title

NEWEST = 20
BUSY = "Others are trying mappings just now: try again in a moment."
pages = Pages("tryout")


@pages.form("/mappings/<name>/try", "try.html", may="operate")
def form(name: str) -> dict[str, Any]:
    """The form, and what came of it."""
    source = find_source(name)
    wanted, outcome, trouble = _as_compared(read_form(source)), None, None
    if request.method == "POST":
        try:
            wanted, outcome = _try(wanted)
        except NotTried as reason:
            trouble = str(reason)
        except TooBusy:
            trouble = BUSY
    users = sorted(each.name for each in services().connections.values() if each.source == name)
    return {
        "source": name,
        "title": title(source),
        "now": services().ledger.clock(),
        "comes_along": comes_along(source),
        "asked": wanted.fields,
        "connections": users,
        "examples": [each.case for each in read_cases(source)[0]],
        "events": list(_newest(users)),
        "outcome": outcome,
        "trouble": trouble,
    }


@pages.download("/mappings/<name>/download", may="operate")
def download(name: str) -> Download:
    """The mapping or the patch as it was typed, as a file."""
    fields = read_form(find_source(name)).fields
    kind = "patch" if request.form.get("file") == "patch" else "mapping"
    return Download(f"{kind}.yaml", fields[kind], "application/yaml")


def _as_compared(wanted: Wanted) -> Wanted:
    """With the texts of a comparison, where a page leads back from one."""
    comparison = services().comparisons.get(request.args.get("comparison", ""))
    if request.method == "GET" and comparison and comparison.source == wanted.source.name:
        edited, name = comparison.edited, comparison.connection
        texts = {"mapping": edited.mapping, "patch": edited.patch, "patch_of": name, "connection": name}
        return replace(wanted, fields={**wanted.fields, **texts})
    return wanted


def _try(wanted: Wanted) -> tuple[Wanted, dict[str, Any]]:
    """What would come of it, and the form with the patch that was in it. Raises NotTried and TooBusy."""
    fields, connection, subject = wanted.fields, wanted.connection, wanted.source.name
    if fields["from"] == "event":
        event = find_event(wanted.source, fields["event"])
        connection, subject = connection or services().connections.get(event.connection), event.event_id
        came = request_of(event)
    elif fields["from"] == "pasted":
        came = read_pasted(wanted.source, fields["headers"], fields["body"])
    else:
        came = find_example(wanted.source, fields["example"])
    wanted = wanted.with_patch_of(connection)
    version, name = wanted.version, connection.name if connection else None
    services().audit.note(
        visitor().person.name, "tried", subject=subject, detail=f"the mapping of {wanted.source.name}"
    )
    tried = services().tryouts.try_out(wanted.source.name, name, version, came)
    return wanted, {"connection": name, **_told(tried, version)}


def _told(tried: Tried, version: Version) -> dict[str, Any]:
    texts = {"mapping": version.mapping, "patch": version.patch}
    events = [_with_excerpt(each, texts) for outcome in tried.outcomes for each in outcome]
    return {"problems": _problems(tried, texts), "stuck": tried.stuck, "events": events}


def _problems(tried: Tried, texts: dict[str, str]) -> list[dict[str, Any]]:
    """What is wrong, line by line: several topics may share one."""
    by_place: dict[tuple[str, int | None], list[str]] = {}
    for each in tried.problems:
        by_place.setdefault((each.where, each.line), []).append(each.words)
    return [
        {"where": where, "line": line, "words": words, "excerpt": excerpt(texts[where], line)}
        for (where, line), words in by_place.items()
    ]


def _with_excerpt(told: dict[str, Any], texts: dict[str, str]) -> dict[str, Any]:
    error = told.get("error")
    return {**told, "error": {**error, "excerpt": excerpt(texts[error["where"]], error["line"])}} if error else told


def _newest(connections: Iterable[str]) -> Iterable[dict[str, Any]]:
    """The newest events of these connections."""
    for event_id, _ in services().ledger.traffic.newest(list(connections), NEWEST):
        if event := services().ledger.events.get(event_id):
            yield _event_line(event)


def _event_line(event: Event) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "connection": event.connection,
        "topic": event.topic,
        "order": event.order,
        "state": event.state,
        "received_at": second(event.received_at),
    }

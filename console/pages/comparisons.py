"""An edited mapping over what came lately, beside the live one: piece by piece, so that no page waits long."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from flask import abort, request, url_for

from config.connection import Connection
from console.comparisons import Comparison, Found
from console.frame import Pages
from console.guard import services, visitor
from console.pages.mappings import find_source
from console.trying import NotTried, Wanted, read_form, request_of
from console.tryouts import TooBusy, Tried
from console.versions import live_version
from ledger.records import Event, second
from mappings.describing import title

MOST_EVENTS = 500
USUAL_EVENTS = 100
IN_A_PIECE = 100
BYTES_IN_A_PIECE = 8_000_000
BY_ITSELF_SECONDS = 60.0  # then a person says whether to go on
pages = Pages("comparisons")


@pages.action("/mappings/<name>/comparisons", may="operate")
def begin(name: str) -> str:
    """Begins to compare over the last events of the connection that was chosen, or of all of the source."""
    source = find_source(name)
    users = [each for each in services().connections.values() if each.source == name]
    wanted = read_form(source)
    connection = wanted.connection or (_whose_patch(wanted, users) if wanted.is_patch_edited else None)
    try:
        edited = wanted.with_patch_of(connection).version
    except NotTried as reason:
        abort(413, str(reason))
    chosen = [each.name for each in ([connection] if connection else users)]
    events = services().ledger.traffic.newest(chosen, _count(request.form.get("newest", "")))
    by = visitor().person.name
    services().audit.note(by, "compared", subject=name, detail=f"over {len(events)} events of {', '.join(chosen)}")
    in_pieces = sorted(events, key=lambda event: event[1])  # by connection: a piece is of one
    compared = connection.name if connection else ""
    comparison_id = services().comparisons.begin(name, edited, in_pieces, by=by, connection=compared)
    return _go_on(name, comparison_id)


@pages.action("/mappings/<name>/comparisons/<comparison_id>", may="operate")
def go_on(name: str, comparison_id: str) -> str:
    """Looks at the next events."""
    return _go_on(name, comparison_id)


@pages.page("/mappings/<name>/comparisons/<comparison_id>", "comparison.html", may="operate")
def one(name: str, comparison_id: str) -> dict[str, Any]:
    """What would be otherwise, as far as it was looked at."""
    comparison = _comparison(name, comparison_id)
    left = len(comparison.left)
    return {
        "id": comparison.id,
        "source": name,
        "title": title(find_source(name)),
        "now": services().ledger.clock(),
        "connection": comparison.connection,
        "by": comparison.by,
        "counts": comparison.counts(),
        "of": len(comparison.events),
        "looked_at": len(comparison.found),
        "left": left,
        "trouble": comparison.trouble.splitlines(),
        "is_busy": request.args.get("busy") == "yes",
        "goes_on": bool(left) and not comparison.trouble,
        "goes_on_by_itself": comparison.seconds < BY_ITSELF_SECONDS,
        "groups": comparison.groups(),
    }


def _whose_patch(wanted: Wanted, users: Sequence[Connection]) -> Connection:
    """The connection that an edited patch is to be of, where none was chosen."""
    if wanted.patched:
        return wanted.patched
    if len(users) != 1:
        abort(400, "A patch is what one connection has otherwise: go back and choose which.")
    return users[0]


def _count(text: str) -> int:
    return min(MOST_EVENTS, max(1, int(text[:9]))) if text.isascii() and text.isdigit() else USUAL_EVENTS


def _comparison(name: str, comparison_id: str) -> Comparison:
    found = services().comparisons.get(comparison_id)
    if found is None or found.source != name:
        abort(404, "There is no such comparison, or it is older than an hour.")
    return found


def _go_on(name: str, comparison_id: str) -> str:
    busy = None
    with services().comparisons.at_work(comparison_id) as is_free:
        comparison = _comparison(name, comparison_id)
        if is_free and comparison.left and not comparison.trouble:
            try:
                _look_at_a_piece(comparison)
            except TooBusy:
                busy = "yes"
    return url_for("comparisons.one", name=name, comparison_id=comparison_id, busy=busy)


def _look_at_a_piece(comparison: Comparison) -> None:
    """Compares over the next events of one connection, as many as there is time for. Raises TooBusy."""
    began = time.monotonic()
    connection = services().connections.get(comparison.left[0][1])
    if connection is None:
        abort(409, f"The connection {comparison.left[0][1]} is not set up any more.")
    piece = list(_read_piece(comparison.left))
    tried = _try(comparison, connection, [event for _, event in piece if event])
    found = list(_found(piece, tried))
    trouble = [f"{each.where}{_line(each.line)}: {each.words}" for each in tried.problems]
    trouble += [tried.stuck] if tried.stuck and not tried.is_read else []
    seconds = time.monotonic() - began
    services().comparisons.add(comparison.id, found, seconds=seconds, trouble="\n".join(trouble))


def _line(number: int | None) -> str:
    return f", line {number}" if number else ""


def _try(comparison: Comparison, connection: Connection, events: Sequence[Event]) -> Tried:
    if not events:
        return Tried()
    live = live_version(find_source(comparison.source), connection)
    is_its = comparison.connection == connection.name
    edited = comparison.edited if is_its else replace(comparison.edited, patch=live.patch)
    requests = [request_of(event) for event in events]
    return services().tryouts.compare(comparison.source, connection.name, live, edited, requests)


def _read_piece(left: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Event | None]]:
    """The next events of one connection with their ids; None for one that is kept no longer."""
    size, first = 0, left[0][1]
    for event_id, _ in takewhile(lambda each: each[1] == first, left[:IN_A_PIECE]):
        event = services().ledger.events.get(event_id)
        yield event_id, event
        size += len(event.body) if event else 0
        if size > BYTES_IN_A_PIECE:
            return


def _found(piece: Sequence[tuple[str, Event | None]], tried: Tried) -> Iterator[Found]:
    """What was found of each event, in order, until the first that was not looked at."""
    outcomes = iter(tried.outcomes)
    for event_id, event in piece:
        if event is None:
            yield {"event_id": event_id, "verdict": "gone"}
            continue
        outcome = next(outcomes, None)
        if outcome is None:
            if tried.stuck and tried.is_read:
                yield {**_named(event), "verdict": "stuck", "rows": [_row_of(tried.stuck)], "left_out": 0}
            return
        yield {**_named(event), **outcome}


def _named(event: Event) -> dict[str, Any]:
    return {"event_id": event.event_id, "order": event.order, "received_at": second(event.received_at)}


def _row_of(reason: str) -> dict[str, str | None]:
    return {"path": "outcome", "live": None, "edited": reason}

"""The events of one page of a list, found by filters or by what people have in hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.ledger import Ledger
from ledger.lists import Place, Which
from ledger.records import Event, Trouble

IN_A_PAGE = 50
MOST_LOOKED_THROUGH = 2000
MOST_WAITING = 200
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Page:
    """The events of a page, and behind which place the next one begins, if there is one."""

    events: Sequence[Event]
    older: Place | None = None


def listed(ledger: Ledger, which: Which, *, before: Place | None, most: int = IN_A_PAGE) -> Page:
    """The next events, newest first."""
    places = ledger.events.places(which, most + 1, before=before)
    shown = places[:most]
    return Page(_stored(ledger, shown), shown[-1] if len(places) > most else None)


def listed_of_kind(ledger: Ledger, which: Which, kind: str, *, before: Place | None) -> Page:
    """The next events that led to a document of the kind: a page is shorter where few in so many did."""
    found: list[Place] = []
    for _ in range(0, MOST_LOOKED_THROUGH, _AT_ONCE):
        places = ledger.events.places(which, _AT_ONCE, before=before)
        kinds = ledger.documents.kinds_of([place.event_id for place in places])
        found += [place for place in places if kind in kinds[place.event_id]]
        if len(found) > IN_A_PAGE:
            return Page(_stored(ledger, found[:IN_A_PAGE]), found[IN_A_PAGE - 1])
        if len(places) < _AT_ONCE:
            return Page(_stored(ledger, found))
        before = places[-1]
    return Page(_stored(ledger, found), before)


def found(ledger: Ledger, term: str, which: Which, kind: str) -> Page:
    """The newest events with this order, number, e-mail address or id, or with words of their trouble.

    Of these only what the filters let through, and what led to a document of the `kind`, if one is named.
    """
    ids = list(dict.fromkeys(_exactly(ledger, term))) or list(dict.fromkeys(_in_trouble(ledger, term)))
    if which == Which() and not kind:
        ids = ids[:IN_A_PAGE]
    kinds = ledger.documents.kinds_of(ids) if kind else {}
    fit = [
        event
        for event in ledger.events.stored(ids)
        if _fits(event, which) and (not kind or kind in kinds[event.event_id])
    ]
    return Page(fit[:IN_A_PAGE])


def _exactly(ledger: Ledger, term: str) -> Iterator[str]:
    of_repeat = ledger.events.get(term)
    if of_repeat:
        yield of_repeat.event_id
    yield from ledger.search.find(term)
    yield from ledger.search.find(f"order:{term}")
    posted = (ledger.documents.with_zoho_id(each, term) for each in ledger.dispatch.organizations())
    yield from (record.event_id for record in posted if record)


def _in_trouble(ledger: Ledger, term: str) -> Iterator[str]:
    """Those that need a person, and those that wait, by what they are told to wait for."""
    for failure in ledger.failures.newest(MOST_LOOKED_THROUGH):
        if _is_in(term, failure.trouble):
            yield from failure.event_ids[:IN_A_PAGE]
    waiting = ledger.events.places(Which(state="waiting"), MOST_WAITING)
    yield from (event.event_id for event in _stored(ledger, waiting) if event.error and _is_in(term, event.error))


def _is_in(term: str, trouble: Trouble) -> bool:
    return term.casefold() in f"{trouble.code} {trouble.message}".casefold()


def _fits(event: Event, which: Which) -> bool:
    at = event.received_at.timestamp()
    return (
        which.state in (None, event.state)
        and which.connection in (None, event.connection)
        and (which.since is None or which.since <= at)
        and (which.until is None or at < which.until)
    )


def _stored(ledger: Ledger, places: Sequence[Place]) -> Sequence[Event]:
    return ledger.events.stored([place.event_id for place in places])

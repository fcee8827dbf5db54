"""What a person may have done about one event in the ledger alone, whoever asks: the terminal, the console, a bulk.

An answer that is not None says, as the end of a sentence or one of its own, why nothing was done.
"""

from errors import Busy
from ledger.handoff import PEOPLE
from ledger.ledger import Ledger


def give_turn(ledger: Ledger, event_id: str, *, refetch: bool = False, priority: int = PEOPLE) -> str | None:
    """Gives a parked or waiting event its turn, and what of it was undone a new generation.

    With `refetch`, what was fetched for it is asked for anew.
    """
    obstacle = _obstacle(ledger, event_id) or ledger.events.requeue(event_id, refetch=refetch, priority=priority)
    return None if obstacle is None else why_not(obstacle)


def end_by_hand(ledger: Ledger, event_id: str, *, by: str, note: str) -> str | None:
    """Ends a parked event that was seen to by hand."""
    event = ledger.events.get(event_id)
    first = event.event_id if event else event_id
    if ledger.undoing.unfinished(first):
        return f"it is being undone; finish that first: bookhook undo {event_id}"
    obstacle = ledger.undoing.see_to(first, by=by, note=note)
    return None if obstacle is None else why_not(obstacle)


def why_not(obstacle: str) -> str:
    """The state of an event as the reason why nothing was done about it."""
    return f"it is {obstacle}" if obstacle else "there is no such event"


def _obstacle(ledger: Ledger, event_id: str) -> str | None:
    """What keeps documents that were undone from their next generation, which begins here."""
    event = ledger.events.get(event_id)
    if event is None or event.state not in ("parked", "waiting"):
        return None
    if ledger.undoing.unfinished(event.event_id):
        return f"being undone; finish that first: bookhook undo {event_id}"
    try:
        ledger.undoing.permit_anew(event.event_id)
    except Busy:
        return "at work: another event is at one of its documents"
    return None

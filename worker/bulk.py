"""What a person has done about many events at once: piece by piece, whichever worker process goes on with it.

A worker that dies leaves what it has not counted; another takes the bulk over half a minute later. What it did and did
not count is met again, and refused by the event's own state.
"""

import threading
from collections.abc import Callable, Mapping, Sequence

import structlog
from redis.exceptions import RedisError

from ledger.bulks import Bulk, Deed
from ledger.handoff import REPLAYS
from ledger.ledger import Ledger
from worker.desk import Desk
from worker.turns import end_by_hand, give_turn, why_not
from worker.undo import UNDONE

TICK_SECONDS = 0.5
MOST_AT_ONCE = 50
MOST_LOOKED_AT = 500
log = structlog.get_logger()


def keep_doing_bulks(desk: Desk, stop: threading.Event) -> None:
    """Goes on with whatever was asked for until `stop` is set; for a thread of its own."""
    while not stop.wait(TICK_SECONDS):
        try:
            while do_pieces(desk) and not stop.is_set():
                pass
        except RedisError as error:
            log.warning("redis_away", reason=type(error).__name__)
        except Exception as error:  # the outermost line of the thread, which nobody would start again
            desk.report(error)


def do_pieces(desk: Desk) -> bool:
    """Does one piece of each bulk that is not over; False when there is none for this process."""
    taken = desk.ledger.bulks.take(desk.process)
    for bulk in taken:
        if bulk.state == "choosing":
            _choose(desk.ledger, bulk)
        else:
            _do(desk, bulk)
    return bool(taken)


def _choose(ledger: Ledger, bulk: Bulk) -> None:
    piece = ledger.bulks.piece(bulk, MOST_LOOKED_AT)
    ledger.bulks.sift(bulk, piece, _fitting(ledger, bulk, piece))


def _fitting(ledger: Ledger, bulk: Bulk, piece: Sequence[str]) -> Sequence[str]:
    """The events of the piece that were meant."""
    fit = piece
    if (wanted := bulk.chosen.failure) is not None:
        fit = [each for failure in ledger.failures.of(fit) if failure.key == wanted for each in failure.event_ids]
    if (kind := bulk.chosen.kind) is not None:
        kinds = ledger.documents.kinds_of(fit)
        fit = [each for each in fit if kind in kinds[each]]
    return fit


def _do(desk: Desk, bulk: Bulk) -> None:
    outcomes = {each: _reason(each, _done(desk, bulk, each)) for each in desk.ledger.bulks.piece(bulk, MOST_AT_ONCE)}
    desk.ledger.bulks.tally(bulk, outcomes)
    log.info("bulk", id=bulk.id, deed=bulk.deed, events=len(outcomes))


def _done(desk: Desk, bulk: Bulk, event_id: str) -> str | None:
    """Why nothing was done about an event; one that nothing can be done about keeps nobody from the others."""
    try:
        return DEEDS[bulk.deed](desk.ledger, bulk, event_id)
    except RedisError:
        raise  # the piece is done again
    except Exception as error:  # the outermost line of what is done about one event
        desk.report(error)
        return "something unexpected happened, which has been reported"


def _retry(ledger: Ledger, bulk: Bulk, event_id: str) -> str | None:
    event = ledger.events.get(event_id)
    if event is not None and event.error is not None and event.error.code == UNDONE.code:
        return "it was undone: it is posted anew when it is retried by itself"
    return give_turn(ledger, event_id, priority=REPLAYS)


def _end(ledger: Ledger, bulk: Bulk, event_id: str) -> str | None:
    return end_by_hand(ledger, event_id, by=bulk.by, note=bulk.note)


def _replay(ledger: Ledger, bulk: Bulk, event_id: str) -> str | None:
    obstacle = ledger.events.replay(event_id)
    return None if obstacle is None else why_not(obstacle)


DEEDS: Mapping[Deed, Callable[[Ledger, Bulk, str], str | None]] = {"retry": _retry, "end": _end, "replay": _replay}


def _reason(event_id: str, obstacle: str | None) -> str | None:
    """The obstacle as a sentence that many events may share."""
    if obstacle is None:
        return None
    words = obstacle.replace(event_id, "with its id").replace("_", " ").rstrip(".")
    return f"{words[:1].upper()}{words[1:]}."

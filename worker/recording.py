"""The calls to Zoho that are made for an event, on its record."""

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.calls import CallMade
from ledger.records import moment
from worker.desk import Desk
from zoho.watching import Made, watched


@contextmanager
def gathering_calls(desk: Desk, event_id: str) -> Iterator[None]:
    """Gathers the calls that this thread makes inside, for whatever step of the event is written next."""
    try:
        with watched(lambda made: desk.ledger.calls.gather(event_id, _call_made(made, desk.process))):
            yield
    finally:
        desk.ledger.calls.take(event_id)  # what no step has taken along by now belongs to no step


@contextmanager
def recording_calls(desk: Desk, event_id: str) -> Iterator[None]:
    """Has the calls that this thread makes inside on the event's record at the end, whatever comes of it."""
    with gathering_calls(desk, event_id):
        try:
            yield
        finally:
            desk.ledger.calls.keep(event_id)


def _call_made(made: Made, worker: str) -> CallMade:
    return CallMade(
        at=moment(made.at),
        seconds=round(made.seconds, 3),
        method=made.method,
        path=made.path,
        params=dict(made.params),
        status=made.status,
        code=made.code,
        message=made.message,
        counted=made.counted,
        worker=worker,
        body=made.body,
        length=len(made.body or ""),
        answer=made.answer,
    )

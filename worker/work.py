"""One event, from its record to its outcome.

Errors are sorted by what happens next: the event waits, is parked, or is posted; every way ends in the ledger.
"""

from dataclasses import replace

import structlog
from redis.exceptions import RedisError

from errors import NeedsAttention, RetryLater
from ledger import DocumentRecord, Event, Trouble
from mappings import Options, Received
from worker.answers import tell_parked, tell_posted
from worker.desk import Desk
from worker.documents import post_drafts
from worker.retries import delay_seconds

log = structlog.get_logger()


def work(desk: Desk, event_id: str) -> None:
    """Does what is to be done for an event now; does nothing when another worker has it or it is finished."""
    begun = desk.ledger.events.begin(event_id)
    if begun is None:
        return
    event, lease = begun
    bound = structlog.contextvars.bound_contextvars(event_id=event_id, connection=event.connection)
    with bound, desk.ledger.leases.event(event_id, lease):
        try:
            _work(desk, event, lease)
        except RedisError:
            raise  # The ledger cannot be written; the event is taken back when its lease ends.
        except Exception as error:
            _park_unexpected(desk, event, lease, error)


def _work(desk: Desk, event: Event, lease: str) -> None:
    try:
        record = _post(desk, event, lease)
    except RetryLater as trouble:
        _wait(desk, event, lease, trouble)
    except NeedsAttention as trouble:
        _park(desk, event, lease, trouble)
    else:
        tell_posted(desk, event, record, lease)
        desk.ledger.events.finish(event.event_id, lease, "posted", detail=record.number or record.zoho_id or "")
        log.info("posted", kind=record.kind, zoho_id=record.zoho_id, attempts=event.attempts)


def _post(desk: Desk, event: Event, lease: str) -> DocumentRecord:
    source = desk.sources.get(event.source)
    if source is None or event.organization not in desk.books:
        raise NeedsAttention(
            f"The source {event.source!r} or the organization {event.organization} is no longer configured.",
            code="not_configured",
            remedy="Set it up again, then retry.",
        )
    drafts = source.render(Received(event.body, event.headers), _options(desk, event), topic=event.topic)
    email = drafts.contact.email if drafts.contact else None
    reference = drafts.document.reference_number
    desk.ledger.search.index(event, [event.event_id, reference, email])
    record = post_drafts(desk, event, drafts, lease)
    desk.ledger.search.index(event, [record.number, record.zoho_id])
    return record


def _options(desk: Desk, event: Event) -> Options:
    books = desk.books[event.organization]
    return replace(desk.options, time_zone=books.organization.time_zone or books.names.time_zone() or "UTC")


def _wait(desk: Desk, event: Event, lease: str, trouble: RetryLater) -> None:
    seconds = delay_seconds(event.attempts, trouble.retry_after_seconds, desk.random)
    reason = Trouble(code=trouble.code, message=trouble.message)
    desk.ledger.events.wait(event.event_id, lease, seconds=seconds, trouble=reason)
    log.info("waiting", reason=trouble.code, seconds=round(seconds, 1), attempts=event.attempts)


def _park(desk: Desk, event: Event, lease: str, trouble: NeedsAttention) -> None:
    tell_parked(desk, event, trouble, lease)
    reason = Trouble(code=trouble.code, message=trouble.message, remedy=trouble.remedy, field=trouble.field)
    desk.ledger.events.finish(
        event.event_id, lease, "parked", error=reason, detail=f"{trouble.code}: {trouble.message}"
    )
    log.warning("parked", code=trouble.code, field=trouble.field)


def _park_unexpected(desk: Desk, event: Event, lease: str, error: Exception) -> None:
    desk.report(error)
    log.error("unexpected", error=type(error).__name__, exc_info=error)
    reason = Trouble(
        code="internal",
        message=f"Something unexpected happened ({type(error).__name__}).",
        remedy="This is a fault in Bookhook: report it with the event's id. A retry is safe.",
    )
    desk.ledger.events.finish(event.event_id, lease, "parked", error=reason, detail=reason.message)

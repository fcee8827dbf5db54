"""One event, from its record to its outcome.

Errors are sorted by what happens next: the event waits, is parked, or is posted; every way ends in the ledger.
"""

from dataclasses import replace

import structlog
from redis.exceptions import RedisError

from errors import NeedsAttention, OrganizationPaused, QuotaExhausted, RetryLater
from ledger import DocumentRecord, Event, Trouble
from mappings import Options, Received, Source
from worker.answers import tell_parked, tell_posted
from worker.desk import Desk
from worker.documents import post_drafts
from worker.pauses import pause, resume
from worker.retries import delay_seconds

# What an event may still need once it was refused a call: to find a contact, create it and post the document.
MOST_CALLS = 3
SHORTEST_PAUSE_SECONDS = 5.0
log = structlog.get_logger()


def work(desk: Desk, event_id: str) -> None:
    """Does what is to be done for an event now; does nothing when another worker has it or it is finished."""
    # Nothing may begin beside a suspect: whether it was alone when its worker died decides whether it is to blame.
    suspect = desk.ledger.events.is_suspect(event_id)
    with desk.company.alone() if suspect else desk.company.among_others():
        begun = desk.ledger.events.begin(event_id, process=desk.process)
        if begun is not None:
            _work_under_lease(desk, *begun)


def _work_under_lease(desk: Desk, event: Event, lease: str) -> None:
    bound = structlog.contextvars.bound_contextvars(event_id=event.event_id, connection=event.connection)
    with bound, desk.ledger.leases.event(event.event_id, lease):
        try:
            _work(desk, event, lease)
        except RedisError:
            raise  # The ledger cannot be written; the event is taken back when its lease ends.
        except Exception as error:
            _park_unexpected(desk, event, lease, error)


def _work(desk: Desk, event: Event, lease: str) -> None:
    try:
        record = _post(desk, event, lease)
    except OrganizationPaused as trouble:
        _pause(desk, event, lease, trouble)
    except QuotaExhausted as trouble:
        _wait_for_turn(desk, event, lease, trouble, needs=MOST_CALLS)
    except RetryLater as trouble:
        _wait(desk, event, lease, trouble)
    except NeedsAttention as trouble:
        _park(desk, event, lease, trouble)
    else:
        tell_posted(desk, event, record, lease)
        resume(desk, event.organization)
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
    with desk.books[event.organization].quota.holding(event.tickets):
        return _render_and_post(desk, source, event, lease)


def _render_and_post(desk: Desk, source: Source, event: Event, lease: str) -> DocumentRecord:
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
    failures = event.failures + 1 if trouble.retry_after_seconds is None else 0
    seconds = delay_seconds(failures, trouble.retry_after_seconds, desk.random)
    reason = Trouble(code=trouble.code, message=trouble.message)
    desk.ledger.events.wait(event.event_id, lease, seconds=seconds, trouble=reason, failures=failures)
    log.info("waiting", reason=trouble.code, seconds=round(seconds, 1), attempts=event.attempts)


def _wait_for_turn(desk: Desk, event: Event, lease: str, trouble: RetryLater, *, needs: int) -> None:
    seconds = trouble.retry_after_seconds or SHORTEST_PAUSE_SECONDS
    reason = Trouble(code=trouble.code, message=trouble.message)
    desk.ledger.events.wait_for_turn(event.event_id, lease, needs=needs, seconds=seconds, trouble=reason)
    log.info("waiting_for_turn", reason=trouble.code, seconds=round(seconds, 1), attempts=event.attempts)


def _pause(desk: Desk, event: Event, lease: str, trouble: OrganizationPaused) -> None:
    """Nobody works for the organization until its connection is mended; one event at a time tries."""
    seconds = max(trouble.retry_after_seconds or 0.0, SHORTEST_PAUSE_SECONDS)
    pause(desk, event.organization, reason=trouble.message, seconds=seconds)
    _wait_for_turn(desk, event, lease, trouble, needs=1)


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

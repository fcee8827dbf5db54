"""One event, from its record to its outcome.

Errors are sorted by what happens next: the event waits, is parked, or is posted; every way ends in the ledger.
"""

from collections.abc import Iterator

import structlog
from redis.exceptions import RedisError

from drafts import Drafts
from errors import AwaitingApproval, NeedsAttention, OrganizationPaused, QuotaExhausted, Rejected, RetryLater
from ledger import Event, Trouble
from mappings import Received, Source
from worker.answers import tell_awaiting_approval, tell_parked, tell_posted, tell_rejected
from worker.calls import calls_needed
from worker.decisions import carry_out
from worker.desk import Desk
from worker.expenses import settle_expense
from worker.orders import Outcome, settle_order
from worker.pauses import pause, resume
from worker.reading import mapping_options
from worker.retries import delay_seconds
from worker.task import Task

# What an event is given that was refused a call half-way, beyond what it was known to need.
MORE_CALLS = 3
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
        outcome = _settle(desk, event, lease)
    except AwaitingApproval as pause_for:
        _await_approval(desk, event, lease, pause_for)
    except Rejected as refusal:
        _reject(desk, event, lease, refusal)
    except OrganizationPaused as trouble:
        _pause(desk, event, lease, trouble)
    except QuotaExhausted as trouble:
        _wait_for_turn(desk, event, lease, trouble, needs=trouble.calls or MORE_CALLS)
    except RetryLater as trouble:
        _wait(desk, event, lease, trouble)
    except NeedsAttention as trouble:
        _park(desk, event, lease, trouble)
    else:
        _finish(desk, event, lease, outcome)


def _settle(desk: Desk, event: Event, lease: str) -> Outcome:
    source, connection = desk.sources.get(event.source), desk.connections.get(event.connection)
    if source is None or connection is None or event.organization not in desk.books:
        raise NeedsAttention(
            f"The connection {event.connection!r}, its source {event.source!r} or the organization "
            f"{event.organization} is no longer configured.",
            code="not_configured",
            remedy="Set it up again, then retry.",
        )
    task = Task(desk, desk.books[event.organization], event, connection.options, lease)
    with task.books.quota.holding(event.tickets):
        return _render_and_settle(task, source)


def _render_and_settle(task: Task, source: Source) -> Outcome:
    event, search = task.event, task.desk.ledger.search
    received = Received(event.body, event.headers)
    drafts = source.render(received, mapping_options(task.options, task.time_zone), topic=event.topic)
    search.index(event, [event.event_id, *_terms(drafts)])
    task.books.quota.hold(calls_needed(task, drafts))
    outcome = _settle_drafts(task, drafts)
    if outcome.record is not None:
        search.index(event, [outcome.record.number, outcome.record.zoho_id])
    return outcome


def _settle_drafts(task: Task, drafts: Drafts) -> Outcome:
    if drafts.decision is not None:
        return carry_out(task, drafts.decision)
    if drafts.expense is not None:
        record = settle_expense(task, drafts, drafts.expense)
        return Outcome("posted", record, record.zoho_id or "")
    return settle_order(task, drafts)


def _terms(drafts: Drafts) -> Iterator[str | None]:
    """What people search the event by."""
    yield drafts.contact.email if drafts.contact else None
    for document in (drafts.invoice, drafts.expense, *drafts.payments, *drafts.refunds):
        yield document.reference_number if document else None


def _finish(desk: Desk, event: Event, lease: str, outcome: Outcome) -> None:
    record = outcome.record
    if record is not None:
        tell_posted(desk, event, record, lease)
    resume(desk, event.organization)
    desk.ledger.events.finish(event.event_id, lease, outcome.state, detail=outcome.detail)
    kind = record.kind if record else None
    log.info(outcome.state, kind=kind, zoho_id=record.zoho_id if record else None, attempts=event.attempts)


def _await_approval(desk: Desk, event: Event, lease: str, held: AwaitingApproval) -> None:
    """Holds the event until a person decides; nothing is in Zoho yet."""
    tell_awaiting_approval(desk, event, held.summary, lease)
    desk.ledger.approvals.hold(event.event_id, lease, submitted_by=held.submitted_by, summary=held.summary)
    log.info("awaiting_approval")


def _reject(desk: Desk, event: Event, lease: str, refusal: Rejected) -> None:
    tell_rejected(desk, event, refusal.message, lease)
    reason = Trouble(code=refusal.code, message=refusal.message)
    desk.ledger.events.finish(event.event_id, lease, "rejected", error=reason, detail=refusal.message)
    log.info("rejected")


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

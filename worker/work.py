"""One event, from its record to its outcome.

Errors are sorted by what happens next: the event waits, is parked, or is posted; every way ends in the ledger.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import structlog
from redis.exceptions import RedisError

from drafts import Drafts
from errors import AwaitingApproval, NeedsAttention, OrganizationPaused, QuotaExhausted, Rejected, RetryLater
from ledger import Event, Finished, Trouble
from mappings import Received, Source
from worker.answers import tell_awaiting_approval, tell_parked, tell_posted, tell_rejected
from worker.calls import calls_needed
from worker.decisions import carry_out
from worker.desk import Desk
from worker.expenses import settle_expense
from worker.orders import Outcome, settle_order
from worker.pauses import pause, tell_resumed
from worker.reading import mapping_options
from worker.retries import delay_seconds
from worker.task import Task

# What an event is given that was refused a call half-way, beyond what it was known to need.
MORE_CALLS = 3
SHORTEST_PAUSE_SECONDS = 5.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at an event under a lease; `terms` are what people will find it by."""

    desk: Desk
    event: Event
    lease: str
    terms: list[str] = field(default_factory=list)


def work(desk: Desk, event_id: str) -> None:
    """Does what is to be done for an event now; does nothing when another worker has it or it is finished."""
    # Nothing may begin beside a suspect: whether it was alone when its worker died decides whether it is to blame.
    suspect = desk.ledger.events.is_suspect(event_id)
    with desk.company.alone() if suspect else desk.company.among_others():
        begun = desk.ledger.events.begin(event_id, process=desk.process)
        if begun is not None:
            _work_under_lease(Attempt(desk, *begun))


def _work_under_lease(attempt: Attempt) -> None:
    event = attempt.event
    bound = structlog.contextvars.bound_contextvars(event_id=event.event_id, connection=event.connection)
    with bound, attempt.desk.ledger.leases.event(event.event_id, attempt.lease):
        try:
            _work(attempt)
        except RedisError:
            raise  # The ledger cannot be written; the event is taken back when its lease ends.
        except Exception as error:
            _park_unexpected(attempt, error)


def _work(attempt: Attempt) -> None:
    try:
        outcome = _settle(attempt)
    except AwaitingApproval as pause_for:
        _await_approval(attempt, pause_for)
    except Rejected as refusal:
        _reject(attempt, refusal)
    except OrganizationPaused as trouble:
        _pause(attempt, trouble)
    except QuotaExhausted as trouble:
        _wait_for_turn(attempt, trouble, needs=trouble.calls or MORE_CALLS)
    except RetryLater as trouble:
        _wait(attempt, trouble)
    except NeedsAttention as trouble:
        _park(attempt, trouble)
    else:
        _finish(attempt, outcome)


def _settle(attempt: Attempt) -> Outcome:
    desk, event = attempt.desk, attempt.event
    source, connection = desk.sources.get(event.source), desk.connections.get(event.connection)
    if source is None or connection is None or event.organization not in desk.books:
        raise NeedsAttention(
            f"The connection {event.connection!r}, its source {event.source!r} or the organization "
            f"{event.organization} is no longer configured.",
            code="not_configured",
            remedy="Set it up again, then retry.",
        )
    task = Task(desk, desk.books[event.organization], event, connection.options, attempt.lease)
    with task.books.quota.holding(event.tickets):
        return _render_and_settle(attempt, task, source)


def _render_and_settle(attempt: Attempt, task: Task, source: Source) -> Outcome:
    received = Received(task.event.body, task.event.headers)
    drafts = source.render(received, mapping_options(task.options, task.time_zone), topic=task.event.topic)
    attempt.terms.extend(filter(None, _terms(drafts)))
    if (calls := calls_needed(task, drafts)) > 1:  # a single one is reserved as it is made
        task.books.quota.hold(calls)
    outcome = _settle_drafts(task, drafts)
    if outcome.record is not None and outcome.record.number:
        attempt.terms.append(outcome.record.number)
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


def _finish(attempt: Attempt, outcome: Outcome) -> None:
    desk, event, record = attempt.desk, attempt.event, outcome.record
    if record is not None:
        tell_posted(desk, event, record, attempt.lease)
    _end(attempt, outcome.state, detail=outcome.detail)
    kind = record.kind if record else None
    log.info(outcome.state, kind=kind, zoho_id=record.zoho_id if record else None, attempts=event.attempts)


def _end(attempt: Attempt, state: str, *, detail: str, error: Trouble | None = None) -> None:
    events, event = attempt.desk.ledger.events, attempt.event
    ended = events.finish(event.event_id, attempt.lease, state, detail=detail, error=error, terms=set(attempt.terms))
    if ended == Finished.DONE_AND_RESUMED:
        tell_resumed(attempt.desk, event.organization)


def _await_approval(attempt: Attempt, held: AwaitingApproval) -> None:
    """Holds the event until a person decides; nothing is in Zoho yet."""
    desk, event, lease = attempt.desk, attempt.event, attempt.lease
    tell_awaiting_approval(desk, event, held.summary, lease)
    desk.ledger.search.index(event, set(attempt.terms))
    desk.ledger.approvals.hold(event.event_id, lease, submitted_by=held.submitted_by, summary=held.summary)
    log.info("awaiting_approval")


def _reject(attempt: Attempt, refusal: Rejected) -> None:
    tell_rejected(attempt.desk, attempt.event, refusal.message, attempt.lease)
    reason = Trouble(code=refusal.code, message=refusal.message)
    _end(attempt, "rejected", error=reason, detail=refusal.message)
    log.info("rejected")


def _wait(attempt: Attempt, trouble: RetryLater) -> None:
    desk, event = attempt.desk, attempt.event
    failures = event.failures + 1 if trouble.retry_after_seconds is None else 0
    seconds = delay_seconds(failures, trouble.retry_after_seconds, desk.random)
    _let_wait(attempt, trouble, seconds=seconds, failures=failures)
    log.info("waiting", reason=trouble.code, seconds=round(seconds, 1), attempts=event.attempts)


def _wait_for_turn(attempt: Attempt, trouble: RetryLater, *, needs: int) -> None:
    seconds = trouble.retry_after_seconds or SHORTEST_PAUSE_SECONDS
    _let_wait(attempt, trouble, seconds=seconds, needs=needs)
    log.info("waiting_for_turn", reason=trouble.code, seconds=round(seconds, 1), attempts=attempt.event.attempts)


def _let_wait(attempt: Attempt, trouble: RetryLater, *, seconds: float, failures: int = 0, needs: int = 0) -> None:
    attempt.desk.ledger.events.wait(
        attempt.event.event_id,
        attempt.lease,
        seconds=seconds,
        trouble=Trouble(code=trouble.code, message=trouble.message),
        failures=failures,
        needs=needs,
        terms=set(attempt.terms),
    )


def _pause(attempt: Attempt, trouble: OrganizationPaused) -> None:
    """Nobody works for the organization until its connection is mended; one event at a time tries."""
    seconds = max(trouble.retry_after_seconds or 0.0, SHORTEST_PAUSE_SECONDS)
    pause(attempt.desk, attempt.event.organization, reason=trouble.message, seconds=seconds)
    _wait_for_turn(attempt, trouble, needs=1)


def _park(attempt: Attempt, trouble: NeedsAttention) -> None:
    tell_parked(attempt.desk, attempt.event, trouble, attempt.lease)
    reason = Trouble(code=trouble.code, message=trouble.message, remedy=trouble.remedy, field=trouble.field)
    _end(attempt, "parked", error=reason, detail=f"{trouble.code}: {trouble.message}")
    log.warning("parked", code=trouble.code, field=trouble.field)


def _park_unexpected(attempt: Attempt, error: Exception) -> None:
    attempt.desk.report(error)
    log.error("unexpected", error=type(error).__name__, exc_info=error)
    reason = Trouble(
        code="internal",
        message=f"Something unexpected happened ({type(error).__name__}).",
        remedy="This is a fault in Bookhook: report it with the event's id. A retry is safe.",
    )
    _end(attempt, "parked", error=reason, detail=reason.message)

"""One event, from its record to its outcome.

Errors are sorted by what happens next: the event waits, is parked, or is posted; every way ends in the ledger.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import structlog
from redis.exceptions import RedisError

from config.answers import lay_over
from config.connection import Connection
from config.organizations import DEFAULT
from drafts import Drafts
from errors import (
    AwaitingApproval,
    NeedsAttention,
    OrganizationPaused,
    OutcomeUnknown,
    QuotaExhausted,
    Rejected,
    RetryLater,
    ZohoUnavailable,
)
from ledger.events import Finished, Suspect
from ledger.records import Event, Trouble
from mappings import Source
from worker.answers import tell_awaiting_approval, tell_parked, tell_posted, tell_rejected
from worker.asking import show_if_free, show_outcome
from worker.calls import calls_needed
from worker.decisions import carry_out
from worker.desk import Desk
from worker.expenses import settle_expense
from worker.fetching import complete
from worker.options import mapping_options
from worker.orders import Outcome, settle_order
from worker.pauses import pause, tell_resumed
from worker.reading import received_of
from worker.recording import gathering_calls
from worker.retries import delay_seconds
from worker.task import Task
from zoho.books import Books

# What an event is given that was refused a call half-way, beyond what it was known to need.
MORE_CALLS = 3
SHORTEST_PAUSE_SECONDS = 5.0
SLOW_SECONDS = 600.0
TRIED_ANEW_SECONDS = 1.0
# Who connects it ends the pause at once (pauses.notice_connected); each try is a line in an event's timeline.
NOT_CONNECTED_SECONDS = 60.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at an event under a lease; `terms` are what people will find it by."""

    desk: Desk
    event: Event
    lease: str
    terms: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)


def work(desk: Desk, event_id: str) -> None:
    """Does what is to be done for an event now; does nothing when another worker has it or it is finished."""
    try:
        with desk.company.among_others():
            return _begin_and_work(desk, event_id, in_company=True)
    except Suspect:  # nothing may begin beside it: whether it was alone when its worker died decides if it is to blame
        pass
    with desk.company.alone():
        _begin_and_work(desk, event_id, in_company=False)


def _begin_and_work(desk: Desk, event_id: str, *, in_company: bool) -> None:
    begun = desk.ledger.events.begin(event_id, process=desk.process, in_company=in_company)
    if begun is not None:
        _work_under_lease(Attempt(desk, *begun))


def _work_under_lease(attempt: Attempt) -> None:
    event = attempt.event
    bound = structlog.contextvars.bound_contextvars(event_id=event.event_id, connection=event.connection)
    lease = attempt.desk.ledger.leases.event(event.event_id, attempt.lease)
    with bound, lease, gathering_calls(attempt.desk, event.event_id):
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
    except (ZohoUnavailable, OutcomeUnknown) as trouble:
        _slow_down_if_it_hung(attempt)
        _wait(attempt, trouble)
    except RetryLater as trouble:
        _wait(attempt, trouble)
    except NeedsAttention as trouble:
        _park(attempt, trouble)
    else:
        _finish(attempt, outcome)


def _settle(attempt: Attempt) -> Outcome:
    desk, event = attempt.desk, attempt.event
    source, connection = desk.source_of(event), desk.connections.get(event.connection)
    books = desk.books.get(event.organization)
    if connection is not None and books is None:
        _wait_unless_gone(event, connection)
    if source is None or connection is None or books is None:
        raise NeedsAttention(
            f"The connection {event.connection!r}, its source {event.source!r} or the organization "
            f"{event.organization} is no longer configured.",
            code="not_configured",
            remedy="Set it up again, then retry.",
        )
    options = lay_over(connection.options, event.answers)
    task = Task(desk, books, event, options, attempt.lease, terms=attempt.terms)
    try:
        with books.quota.holding(event.tickets):
            return _render_and_settle(attempt, task, source)
    except OrganizationPaused as trouble:
        raise _as_connected_now(desk, books, trouble) from None


def _wait_unless_gone(event: Event, connection: Connection) -> None:
    """Raises OrganizationPaused where the event's organization has only not been connected yet, or not again."""
    if connection.organization_id in (event.organization, DEFAULT):
        raise OrganizationPaused(
            f"Organization {event.organization} is not connected to Zoho Books: connect it in the console, under Zoho.",
            retry_after_seconds=NOT_CONNECTED_SECONDS,
        )


def _as_connected_now(desk: Desk, books: Books, trouble: OrganizationPaused) -> RetryLater:
    """The trouble; where the organization has another grant by now, only that this event is to be tried with it."""
    organization = books.organization
    now = desk.books.get(organization.organization_id)
    if now is not None and now.organization == organization:
        return trouble
    words = f"Organization {organization.organization_id} was connected anew while this event was worked on."
    return ZohoUnavailable(words, retry_after_seconds=TRIED_ANEW_SECONDS)


def _render_and_settle(attempt: Attempt, task: Task, source: Source) -> Outcome:
    is_new = task.event.attempts == 1 and not task.event.is_replayed  # the door has just asked
    if not is_new and (ignored := _not_for_us(task, source)):
        return Outcome("ignored", detail=ignored)
    try:
        drafts = _render(task, source)
    except NeedsAttention:
        attempt.terms.extend(filter(None, _readable_terms(task.event, source)))
        raise
    if isinstance(drafts, Outcome):
        return drafts
    if task.event.order is None:
        task.desk.ledger.events.name_order(task.event.event_id, drafts.once_per)
    attempt.terms.extend(filter(None, _terms(drafts)))
    if (calls := calls_needed(task, drafts)) > 1:  # a single one is reserved as it is made
        task.books.quota.hold(calls)
    return _settle_drafts(task, drafts)


def _render(task: Task, source: Source) -> Drafts | Outcome:
    """The drafts of the event; where what was fetched shows that it is not for us, how it ends."""
    received, options, topic = complete(task, source), mapping_options(task.options, task.time_zone), task.event.topic
    if ignored := source.ignores(received, options, topic=topic):
        return Outcome("ignored", detail=ignored)
    return source.render(received, options, topic=topic)


def _not_for_us(task: Task, source: Source) -> str | None:
    """Why the door would ignore the event by the mapping as it is now, unless something was made of it already."""
    ignored = source.identify(received_of(task.event)).ignored
    return None if ignored and task.desk.ledger.documents.of(task.event.event_id) else ignored


def _settle_drafts(task: Task, drafts: Drafts) -> Outcome:
    if drafts.decision is not None:
        return carry_out(task, drafts.decision)
    if drafts.expense is not None:
        record = settle_expense(task, drafts, drafts.expense)
        show_outcome(task.desk, task.event, task.lease)
        return Outcome("posted", record, record.zoho_id or "")
    return settle_order(task, drafts)


def _terms(drafts: Drafts) -> Iterator[str | None]:
    """What people search the event by."""
    yield drafts.once_per
    yield drafts.contact.email if drafts.contact else None
    for document in (drafts.invoice, drafts.expense, *drafts.payments, *drafts.refunds):
        yield document.reference_number if document else None


def _readable_terms(event: Event, source: Source) -> Iterator[str | None]:
    """What people search an event by of which no drafts could be made."""
    yield event.order
    yield from source.references(received_of(event), topic=event.topic).values()


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


def _slow_down_if_it_hung(attempt: Attempt) -> None:
    """Keeps the organization's other events from hanging beside this one."""
    if time.monotonic() - attempt.began > attempt.desk.send_seconds / 2:
        attempt.desk.ledger.dispatch.slow_down(attempt.event.organization, seconds=SLOW_SECONDS)
        log.warning("zoho_hangs", organization=attempt.event.organization)


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
    reason = Trouble(
        code=trouble.code,
        message=trouble.message,
        remedy=trouble.remedy,
        field=trouble.field,
        question=trouble.question,
    )
    _end(attempt, "parked", error=reason, detail=f"{trouble.code}: {trouble.message}")
    show_if_free(attempt.desk, attempt.event, attempt.lease)
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

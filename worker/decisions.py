"""What an approver says at the sender (`/expense approve <event>`), carried out.

Only ids that the connection's `approvers` list count, only for events of that connection, and never for one's own.
"""

from drafts import DecisionDraft
from errors import Rejected
from ledger.approvals import Decided
from ledger.records import Event
from worker.answers import tell_decided, tell_rejected
from worker.asking import show_if_free
from worker.orders import Outcome
from worker.task import Task


def carry_out(task: Task, decision: DecisionDraft) -> Outcome:
    """The decision, written down and told; raises Rejected with the reason when it does not count.

    Whose expense was rejected is told as well; whose was approved hears when it is posted.
    """
    if not set(decision.by[:1]) & task.options.expenses.approvers:
        raise Rejected(
            "Whoever sent this may not approve expenses here: the connection's `approvers` do not list them."
        )
    decided = task.desk.ledger.approvals.decide(
        decision.event_id,
        verdict=decision.verdict,
        by=decision.by,
        note=decision.note,
        connection=task.event.connection,
    )
    held = task.desk.ledger.events.get(decided.event_id)
    if decided.obstacle is not None and not _stands_already(decided, decision):
        raise Rejected(decided.obstacle)
    if held is not None:
        show_if_free(task.desk, held, task.lease)
    return _told(task, decided, held)


def _stands_already(decided: Decided, decision: DecisionDraft) -> bool:
    """Whether the same was said by the same before: said twice, or by this event, whose worker died."""
    approval = decided.approval
    return approval is not None and (approval.verdict, approval.decided_by) == (decision.verdict, decision.by)


def _told(task: Task, decided: Decided, held: Event | None) -> Outcome:
    approval = decided.approval
    words = f"{approval.summary}: {approval.in_words()}" if approval else ""
    tell_decided(task.desk, task.event, words, task.lease)
    if approval is not None and approval.verdict == "reject" and held is not None:
        tell_rejected(task.desk, held, f"It was {approval.in_words()}.", task.lease)
    return Outcome("posted", detail=words)

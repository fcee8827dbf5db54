"""Whether an expense may be posted: who sent it, what it is worth, and what a person has said of it."""

from decimal import Decimal

from drafts import ExpenseDraft
from errors import AwaitingApproval, NeedsAttention, Rejected
from worker.asking import ask_approvers
from worker.task import Task


def require_approval(task: Task, expense: ExpenseDraft) -> None:
    """Returns when the expense may be posted; raises AwaitingApproval, or Rejected for whoever may not submit any.

    An event that was approved stays approved, whatever the connection decides later.
    """
    approval = task.desk.ledger.approvals.get(task.event.event_id)
    if approval is not None and approval.verdict == "approve":
        return
    if approval is not None and approval.verdict == "reject":
        raise Rejected(f"It was {approval.in_words()}.")
    _refuse_stranger(task, expense)
    if _needs_approval(task, expense):
        ask_approvers(task.desk, task.event, _summary(expense), task.lease)
        raise AwaitingApproval(_summary(expense), submitted_by=expense.submitted_by)


def _refuse_stranger(task: Task, expense: ExpenseDraft) -> None:
    """Only the first of the submitter's names counts: it is the id, which nobody chooses for themselves."""
    submitters = task.options.expenses.submitters
    if submitters is not None and not set(expense.submitted_by[:1]) & submitters:
        raise Rejected(
            "Whoever sent this may not submit expenses here: the connection's `submitters` do not list them."
        )


def _needs_approval(task: Task, expense: ExpenseDraft) -> bool:
    limit = task.options.expenses.approval_over
    if not limit:  # none is never, zero is always
        return limit is not None
    worth = _worth(task, expense)
    return worth is None or worth > limit


def _worth(task: Task, expense: ExpenseDraft) -> Decimal | None:
    """The amount in the organization's currency, by Zoho's rate; None when Zoho has none.

    A rate of the sender's own would let whoever submits an expense decide whether it needs approval.
    """
    try:
        rate = task.books.names.exchange_rate(expense.currency_code, None)
    except NeedsAttention:
        return None
    return expense.amount * Decimal(rate.get("exchange_rate", 1))


def _summary(expense: ExpenseDraft) -> str:
    """What is kept of it for ever: nothing personal."""
    return f"{expense.amount:f} {expense.currency_code}, {expense.account_name}"

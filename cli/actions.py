"""What a person may have done about events, from a terminal or the console alike.

An answer that is not None says, as the end of a sentence or one of its own, why nothing was done.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from console.services import PlannedStep, Rehearsed
from drafts import ExpenseDraft, Verdict
from errors import BookhookError, Busy, QuotaExhausted
from ledger.approvals import Approval
from ledger.ledger import Ledger
from ledger.records import Event
from outbound import File
from worker.acceptance import accept, differing
from worker.answers import tell_rejected
from worker.asking import show_if_free
from worker.desk import Desk
from worker.receipts import get_file
from worker.turns import end_by_hand, give_turn
from worker.undo import UNDONE, Step, carry_out, plan_undo

# What a person waits for.
LONGEST_WAIT_SECONDS = 61.0
# What happens to a document that is taken back.
WORDS = {
    "delete": "will be deleted",
    "void": "will be voided",
    "forget": "counts as undone",
    "leave": "stays",
}


def tell_decision(ledger: Ledger, open_desk: Callable[[], Desk], event: Event, approval: Approval) -> None:
    """Tells whoever sent what is rejected, and shows the decision where approvers were asked; else opens no desk."""
    lease = secrets.token_hex(8)
    if ledger.approvals.message(event.event_id):
        show_if_free(open_desk(), event, lease)
    if approval.verdict == "reject":
        tell_rejected(open_desk(), event, f"It was {approval.in_words()}.", lease)


def patiently(desk: Desk, step: Step, wait: Callable[[float], object] = time.sleep) -> str:
    """What carrying the step out did; waits while the quota has no room, as a step not begun may begin again."""
    while True:
        try:
            return carry_out(desk, step)
        except QuotaExhausted as refusal:
            seconds = refusal.retry_after_seconds or 1.0
            if seconds > LONGEST_WAIT_SECONDS:
                raise
            wait(seconds)


class ConsoleActions:
    """What the console has done; `open_desk` gives a desk that can call Zoho.

    `read_expense` gives what an event asks for, `rehearse` what would be sent for it; neither asks anybody.
    """

    def __init__(
        self,
        ledger: Ledger,
        open_desk: Callable[[], Desk],
        *,
        read_expense: Callable[[Event], ExpenseDraft | None],
        rehearse: Callable[[Event], Rehearsed],
    ) -> None:
        self._ledger = ledger
        self._open_desk = open_desk
        self._read_expense = read_expense
        self._rehearse = rehearse

    def rehearse(self, event: Event) -> Rehearsed:
        """What would be sent for the event now; asks nobody and changes nothing."""
        return self._rehearse(self._ledger.answers.with_answers(event))

    def retry(self, event_id: str) -> str | None:
        """Gives the event its turn again."""
        return _sentence(give_turn(self._ledger, event_id))

    def fetch_anew(self, event_id: str) -> str | None:
        """Gives the event its turn again, with what was fetched for it asked for anew."""
        return _sentence(give_turn(self._ledger, event_id, refetch=True))

    def end(self, event_id: str, *, by: str, note: str) -> str | None:
        """Ends a parked event that was seen to by hand."""
        return _sentence(end_by_hand(self._ledger, event_id, by=by, note=note))

    def accept(self, event_id: str, *, by: str) -> str | None:
        """Takes totals that differ as right, as they stand in Zoho, and goes on."""
        event = self._ledger.events.get(event_id)
        if event is None or event.state != "parked" or not differing(self._ledger, event.event_id):
            return "Nothing of it stands in Zoho with a total that differs."
        for _ in accept(self._open_desk(), event.event_id, by=by):
            pass
        return self.retry(event.event_id)

    def decide(self, event_id: str, verdict: Verdict, *, by: Sequence[str], note: str) -> str | None:
        """Approves or rejects, and tells whoever sent what is rejected, where its source asks for it."""
        decided = self._ledger.approvals.decide(event_id, verdict=verdict, by=by, note=note)
        event = self._ledger.events.get(decided.event_id)
        if decided.obstacle is None and event and decided.approval:
            tell_decision(self._ledger, self._open_desk, event, decided.approval)
        return _sentence(decided.obstacle)

    def expense(self, event: Event) -> ExpenseDraft | None:
        """The expense an event asks for, as its mapping reads it now; None where there is none to be read."""
        return self._read_expense(self._ledger.answers.with_answers(event))

    def receipt(self, event_id: str) -> File | None:
        """The file that came with an expense, fetched as a worker would; None where none came."""
        event = self._ledger.events.get(event_id)
        expense = self.expense(event) if event else None
        return get_file(self._open_desk(), event, expense.receipt) if event and expense and expense.receipt else None

    def plan(self, event_ids: Sequence[str]) -> list[PlannedStep]:
        """What undoing these events would do, as things stand in Zoho now."""
        return [_planned(step) for step in plan_patiently(self._open_desk(), event_ids)]

    def undo(self, event_ids: Sequence[str], business_keys: Sequence[str]) -> list[str]:
        """Takes back these documents of these events; one sentence for each, or that there was none."""
        desk = self._open_desk()
        agreed = [step for step in plan_patiently(desk, event_ids) if step.record.business_key in business_keys]
        told = [self._take_back(desk, step) for step in agreed if step.action != "leave"]
        return told or ["Nothing was undone: nothing of that can be taken back (any more)."]

    def _take_back(self, desk: Desk, step: Step) -> str:
        name = f"{step.record.kind.replace('_', ' ')} {step.record.number or step.record.zoho_id or ''}".strip()
        if obstacle := self._ledger.undoing.park(step.record.event_id, UNDONE):
            return f"The {name} stays: its event is {obstacle.replace('_', ' ')}."
        try:
            return f"The {name}: {patiently(desk, step)}."
        except Busy:
            return f"The {name} is not done yet: a worker may still be at it. Undo it again in fifteen seconds."
        except BookhookError as trouble:
            return f"The {name} stands: {trouble.message}"


def plan_patiently(desk: Desk, event_ids: Sequence[str]) -> list[Step]:
    """What undoing these events would do; waits while a quota has no room for reading how their documents stand."""
    records = (record for event_id in event_ids for record in desk.ledger.documents.of(event_id))
    organizations = {record.organization or "" for record in records} & set(desk.books)
    with ExitStack() as patience:
        for organization in organizations:
            patience.enter_context(desk.books[organization].quota.yielding(time.sleep))
        return plan_undo(desk, list(event_ids))


def _planned(step: Step) -> PlannedStep:
    record = step.record
    return PlannedStep(
        business_key=record.business_key,
        event_id=record.event_id,
        kind=record.kind,
        number=record.number or record.zoho_id or "",
        words=WORDS[step.action],
        stands=step.stands,
        changes=step.action != "leave",
        remedy=step.remedy,
    )


def _sentence(words: str | None) -> str | None:
    return None if words is None else f"{words[:1].upper()}{words[1:].rstrip('.')}."

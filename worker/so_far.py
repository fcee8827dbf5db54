"""What a sender says was paid, or taken off, until now: a document for each part of it, under keys that count on."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from drafts import PaymentDraft, RefundDraft
from ledger.records import DocumentRecord
from worker.task import Task

SoFar = TypeVar("SoFar", PaymentDraft, RefundDraft)


def parts(task: Task, draft: SoFar) -> Iterator[tuple[SoFar, DocumentRecord | None]]:
    """Each part with its record; last, without one, what is not recorded of the whole yet.

    What counts is what stands: a ledger that has gone back may find less under a key than was missing.
    """
    number, recorded = 1, Decimal(0)
    while (known := _begun(task, draft, number)) or _amount(draft) > recorded:
        amount = _amount(draft) - recorded if known is None else known.control_total or Decimal(0)
        yield _part(draft, number, amount), known
        if known is None or known.state != "posted":
            known = _begun(task, draft, number)
        if known is None:
            return
        recorded += (known.control_total if known.total is None else known.total) or Decimal(0)
        number += 1


def _begun(task: Task, draft: SoFar, number: int) -> DocumentRecord | None:
    """The record of a part; of one that a cancellation has credited before, that of the money that went back."""
    kinds = ("payment",) if isinstance(draft, PaymentDraft) else ("credit_note", "payout")
    records = (task.record(kind, _numbered(draft, number)) for kind in kinds)
    return next((each for each in records if each is not None and each.state != "new"), None)


def _part(draft: SoFar, number: int, amount: Decimal) -> SoFar:
    once_per = _numbered(draft, number)
    if isinstance(draft, PaymentDraft):
        return replace(draft, once_per=once_per, amount=amount, is_so_far=False)
    return replace(draft, once_per=once_per, control_total=amount, is_so_far=False)


def _amount(draft: PaymentDraft | RefundDraft) -> Decimal:
    return draft.amount if isinstance(draft, PaymentDraft) else draft.control_total


def _numbered(draft: PaymentDraft | RefundDraft, number: int) -> str:
    return draft.once_per if number == 1 else f"{draft.once_per}#{number}"

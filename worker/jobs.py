"""What RQ runs: `work_event`, named by its import path in ledger/handoff.py."""

import worker.work
from worker.desk import Desk

_desks: list[Desk] = []


def sit_down_at(desk: Desk) -> None:
    """Gives this process its desk; RQ can hand a job nothing but plain arguments."""
    _desks[:] = [desk]


def work_event(event_id: str) -> None:
    """Works on an event at this process's desk."""
    worker.work.work(_desks[0], event_id)

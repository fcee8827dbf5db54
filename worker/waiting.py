"""Waiting for the order that something belongs to."""

from datetime import timedelta
from typing import NoReturn

from errors import NeedsAttention, WaitsForOrder
from worker.task import Task

LONGEST_WAIT = timedelta(days=3)


def wait_for_order(task: Task, once_per: str, reason: str) -> NoReturn:
    """Has the event wait until something becomes of its order; raises WaitsForOrder, or NeedsAttention after days."""
    now = task.desk.ledger.clock()
    if now - task.event.received_at.timestamp() > LONGEST_WAIT.total_seconds():
        raise NeedsAttention(
            f"{reason} That has not changed for {LONGEST_WAIT.days} days.",
            code="order_missing",
            field="once_per",
            remedy="If the order was invoiced without Bookhook, record this in Zoho Books by hand. Else have the "
            "sender deliver what is missing, then retry.",
        )
    task.desk.ledger.orders.await_invoice(task.key_of_order(once_per), task.event.event_id)
    raise WaitsForOrder(reason)

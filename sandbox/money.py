"""Amounts and exchange rates that a body asks for, checked."""

from decimal import Decimal
from typing import Any

from sandbox.answers import Record, wrong_value
from sandbox.totals import rounded


def amount_of(value: Any, name: str, *, precision: int) -> Decimal:
    """The amount in the currency's decimals; refused unless it is above zero and needs no more of them."""
    amount = Decimal(value)
    if amount <= 0:
        raise wrong_value(f"Invalid value passed for {name}: it must be greater than zero")
    if amount != rounded(amount, precision):
        raise wrong_value(f"Invalid value passed for {name}: the currency has {precision} decimals")
    return rounded(amount, precision)


def exchange_rate_of(body: Record) -> Decimal:
    """What one unit of the currency is worth in the organization's own: 1.0 unless the body says so, as Zoho has it."""
    rate = Decimal(body.get("exchange_rate", "1.0"))
    if rate <= 0:
        raise wrong_value("Invalid value passed for exchange_rate: it must be greater than zero")
    return rate

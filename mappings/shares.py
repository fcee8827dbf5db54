"""Amounts set against one another, and an amount in shares: exact, whichever way the decimals fall."""

from decimal import ROUND_DOWN, Decimal

from mappings.conversions import EXACT, Unfit, kind_of, minor_decimals, money, total


def less(first: object, second: object) -> Decimal | None:
    """The first amount less the second, below zero where the second is larger."""
    minuend, subtrahend = money(first), money(second)
    return None if minuend is None or subtrahend is None else EXACT.subtract(minuend, subtrahend)


def negative(value: object) -> Decimal | None:
    """The amount with the other sign."""
    amount = money(value)
    return amount if not amount else EXACT.minus(amount)


def lesser(first: object, second: object) -> Decimal | None:
    """The smaller of two amounts."""
    one, other = money(first), money(second)
    return None if one is None or other is None else min(one, other)


def spread(value: object, weights: object, currency: object = None) -> list[Decimal] | None:
    """The amount in shares by weight, which add up to it exactly.

    Shares have as many decimals as the amount is written with, at least two; those of `currency` if that is given. Each
    is rounded down with what was left of those before it, so none is more than one smallest unit off.
    """
    amount = money(value)
    if amount is None or weights is None:
        return None
    if not isinstance(weights, list):
        raise Unfit(f"{kind_of(weights)} is not a list of weights")
    places = max(2, -int(amount.as_tuple().exponent)) if currency is None else minor_decimals(currency)
    return _shares(amount, [_weight(each) for each in weights], Decimal(1).scaleb(-places))


def _weight(value: object) -> Decimal:
    weight = money(value)
    if weight is None or weight < 0:
        raise Unfit("one of the weights is missing or below zero")
    return weight


def _shares(amount: Decimal, weights: list[Decimal], unit: Decimal) -> list[Decimal]:
    whole = total(weights) or Decimal(0)
    if not amount or not whole:
        if amount:
            raise Unfit("there is no weight to spread the amount by")
        return [Decimal(0)] * len(weights)
    if amount != amount.quantize(unit, ROUND_DOWN, EXACT):
        raise Unfit("the amount has more decimals than its currency")
    shares, weighed, given = [], Decimal(0), Decimal(0)
    for weight in weights:
        weighed = EXACT.add(weighed, weight)
        reached = EXACT.divide(EXACT.multiply(amount, weighed), whole).quantize(unit, ROUND_DOWN, EXACT)
        shares.append(EXACT.subtract(reached, given))
        given = reached
    return shares


def beside(rows: object, name: object, values: object) -> list[object] | None:
    """Each row of a list with one more field, its value from a list of the same length."""
    if rows is None or values is None:
        return None
    if not isinstance(rows, list) or not isinstance(values, list) or len(rows) != len(values):
        raise Unfit("the rows and their values are not two lists of the same length")
    if not all(isinstance(row, dict) for row in rows):
        raise Unfit("one of the rows is not an object")
    return [{**row, name: value} for row, value in zip(rows, values, strict=True)]

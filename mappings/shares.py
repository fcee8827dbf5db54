"""Amounts set against one another, an amount in shares, rows in their parts: exact, whichever way the decimals fall."""

from decimal import ROUND_DOWN, Decimal

from mappings.conversions import EXACT, Unfit, kind_of, minor_decimals, money, number


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


def times(price: object, quantity: object) -> Decimal | None:
    """What a quantity comes to at a price, exactly: as a weight, where the sender does not say it."""
    one, count = money(price), money(quantity)
    return None if one is None or count is None else EXACT.multiply(one, count)


def spread(value: object, weights: object, currency: object = None) -> list[Decimal] | None:
    """The amount in shares by weight, which add up to it exactly. Weights are all above zero or all below, or zero.

    Shares have as many decimals as the amount is written with, at least two; those of `currency` if that is given. Each
    is rounded down with what was left of those before it, so none is more than one smallest unit off.
    """
    amount = money(value)
    if amount is None or weights is None:
        return None
    if not isinstance(weights, list):
        raise Unfit(f"{kind_of(weights)} is not a list of weights")
    places = max(2, -int(amount.as_tuple().exponent)) if currency is None else minor_decimals(currency)
    return _shares(amount, _weights(weights), Decimal(1).scaleb(-places))


def _weights(values: list[object]) -> list[Decimal]:
    weights = [_weight(each) for each in values]
    if any(each < 0 for each in weights) and any(each > 0 for each in weights):
        raise Unfit("the weights are above zero and below")
    return [abs(each) for each in weights]


def _weight(value: object) -> Decimal:
    weight = number(value)
    if weight is None:
        raise Unfit("one of the weights is missing")
    return weight


def _shares(amount: Decimal, weights: list[Decimal], unit: Decimal) -> list[Decimal]:
    whole = Decimal(0)
    for weight in weights:
        whole = EXACT.add(whole, weight)
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


def unfold(rows: object, parts: object, whole: object) -> list[object] | None:
    """Every part of every row with its row as one more field: `parts` is the list in a row, `whole` the new field."""
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unfit("what is to be unfolded is not a list of objects")
    found = [(part, row) for row in rows for part in _parts(row.get(parts))]
    if not all(isinstance(part, dict) for part, _ in found):
        raise Unfit("one of the parts is not an object")
    return [{**part, whole: row} for part, row in found]


def _parts(value: object) -> list[dict[object, object]]:
    if not isinstance(value, list):
        raise Unfit(f"{kind_of(value)} is not a list of parts")
    return value

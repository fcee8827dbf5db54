"""The geometry of bar charts, in whole pixels; templates draw it as SVG."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

WIDTH, HEIGHT = 640, 220
LEFT, BOTTOM, TOP = 90, 24, 10
PLOT = HEIGHT - TOP - BOTTOM
LINES = 4
SHARE_OF_BARS = 70  # of the room of a group, in percent


def bars(groups: Sequence[Mapping[str, Any]], *, label: str, series: Sequence[str]) -> dict[str, Any]:
    """Bars for each group, side by side: one for each of `series`, whose amounts the group holds as text."""
    top = round_above(max((Decimal(group[name]) for group in groups for name in series), default=Decimal(0)))
    room = (WIDTH - LEFT) // max(1, len(groups))
    width = room * SHARE_OF_BARS // 100 // len(series)
    lefts = [LEFT + room * number + (room - width * len(series)) // 2 for number in range(len(groups))]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "base": TOP + PLOT,
        "lines": [{"y": TOP + PLOT - PLOT * n // LINES, "amount": top * n / LINES} for n in range(LINES + 1)],
        "labels": [
            {"x": left + width * len(series) // 2, "text": group[label]}
            for left, group in zip(lefts, groups, strict=True)
        ],
        "bars": [
            {"x": left + width * place, "width": width, "series": name, **_upright(Decimal(group[name]), top)}
            for left, group in zip(lefts, groups, strict=True)
            for place, name in enumerate(series)
        ],
    }


def round_above(amount: Decimal) -> Decimal:
    """1, 2, 4 or 8 times a power of ten, not below the amount."""
    power = Decimal(1)
    while power * 10 < amount:
        power *= 10
    return next(power * times for times in (1, 2, 4, 8, 10) if power * times >= amount)


def _upright(amount: Decimal, top: Decimal) -> dict[str, int]:
    height = max(0, int(PLOT * amount / top))
    return {"y": TOP + PLOT - height, "height": height}

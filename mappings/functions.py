"""The functions of a mapping that see their arguments only, by name."""

from collections.abc import Callable, Mapping

from mappings import amounts, conversions, json_bodies, shares, times

PURE: Mapping[str, tuple[Callable[..., object], int, int]] = {
    "money": (conversions.money, 1, 1),
    "exact": (conversions.exact, 2, 2),
    "minor_units": (conversions.minor_units, 2, 2),
    "scaled": (conversions.scaled, 2, 2),
    "total": (conversions.total, 1, 1),
    "difference": (conversions.difference, 2, 2),
    "less": (shares.less, 2, 2),
    "negative": (shares.negative, 1, 1),
    "lesser": (shares.lesser, 2, 2),
    "times": (shares.times, 2, 2),
    "spread": (shares.spread, 2, 3),
    "beside": (shares.beside, 3, 3),
    "unfold": (shares.unfold, 3, 3),
    "percent": (conversions.percent, 1, 1),
    "nonzero": (conversions.nonzero, 1, 1),
    "required": (conversions.required, 1, 1),
    "text": (conversions.text, 1, 2),
    "words": (conversions.words, 1, 1),
    "match": (conversions.match, 2, 2),
    "lookup": (conversions.lookup, 4, 4),
    "where": (conversions.where, 3, 3),
    "escape": (conversions.escape, 1, 1),
    "unescape": (conversions.unescape, 1, 1),
    "json": (json_bodies.parse, 1, 1),
    "spoken": (amounts.spoken, 1, 1),
    "utc": (times.utc, 1, 1),
    "seconds": (times.seconds, 1, 1),
}
"""Each with its fewest and most arguments."""

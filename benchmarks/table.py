"""The one table that every benchmark adds rows to."""

from collections.abc import Iterable
from dataclasses import dataclass

HEADINGS = ("what", "ours", "baseline", "ratio", "limit", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measured claim; `ratio` is ours to the baseline, `is_within` whether the limit, if any, holds.

    All texts are for people: figures carry their units, a baseline says what it is.
    """

    what: str
    ours: str
    baseline: str = ""
    ratio: str = ""
    limit: str = ""
    is_within: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """What stands in the columns."""
        verdict = {None: "", True: "yes", False: "NO"}[self.is_within]
        return (self.what, self.ours, self.baseline, self.ratio, self.limit, verdict)


def at_least(what: str, ours: float, baseline: float, limit: float, *, unit: str, named: str) -> Row:
    """A row whose ratio of ours to the baseline has to reach the limit."""
    ratio = ours / baseline
    return Row(
        what=what,
        ours=f"{ours:,.0f} {unit}",
        baseline=f"{baseline:,.0f} {unit}, {named}",
        ratio=f"{ratio:.2f}",
        limit=f"at least {limit:.2f}",
        is_within=ratio >= limit,
    )


def at_most(what: str, ours: float, limit: float, *, unit: str, baseline: str = "") -> Row:
    """A row whose figure may not exceed the limit."""
    return Row(
        what=what,
        ours=f"{ours:,.2f} {unit}",
        baseline=baseline,
        limit=f"at most {limit:,g} {unit}",
        is_within=ours <= limit,
    )


def table(rows: Iterable[Row]) -> str:
    """The rows under their headings, as text."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )

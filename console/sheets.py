"""Tables as CSV files that a spreadsheet opens without running what is in them."""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import StringIO

Cell = str | int | Decimal | None
# OWASP on CSV injection: what begins like this is a formula; some programs take the wide signs for the narrow ones.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001  the wide ones are meant


def as_csv(rows: Iterable[Sequence[Cell]]) -> str:
    """The rows as CSV; a text that a spreadsheet would take for a formula has an apostrophe in front."""
    written = StringIO("\ufeff")  # without this mark Excel takes UTF-8 for something else
    written.seek(0, 2)
    csv.writer(written).writerows([[_cell(cell) for cell in row] for row in rows])
    return written.getvalue()


def _cell(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    text = "" if cell is None else str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA) else text

"""`bookhook reconcile`: is in Zoho what the ledger says?"""

import dataclasses
import json
import re
import sys
import time
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import click

from cli.desk import sit_at_desk
from ledger.records import moment
from worker.desk import Desk
from worker.reconcile import Difference, Reconciliation, reconcile
from zoho.books import Books

DAYS = re.compile(r"(\d{1,4})d")
# In unix seconds; before it there was no Zoho.
EARLIEST = datetime(1996, 1, 1, tzinfo=UTC).timestamp()
COLUMNS = ("what", "kind", "number", "event_id", "detail")


@click.command("reconcile")
@click.option("--since", default="30d", show_default=True, help="So many days back, such as 30d, or a date.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def reconcile_books(since: str, as_json: bool) -> None:
    """Compare what the ledger says was posted with what stands in Zoho; exits with 1 when they differ."""
    _check_since(since)
    with sit_at_desk() as desk:
        found = [_reconcile(desk, books, since) for books in desk.books.values()]
    click.echo(_as_json(found) if as_json else "\n\n".join(map(_page, found)))
    sys.exit(1 if any(each.differences for each in found) else 0)


def _reconcile(desk: Desk, books: Books, since: str) -> Reconciliation:
    zone = ZoneInfo(books.organization.time_zone or books.names.time_zone() or "UTC")
    with books.quota.yielding(time.sleep):
        return reconcile(desk, books, since=_instant(since, desk.ledger.clock(), zone))


def _check_since(since: str) -> None:
    now = time.time()
    try:
        has_been = EARLIEST <= _instant(since, now, UTC) <= now
    except (ValueError, OverflowError):
        has_been = False
    if not has_been:
        raise click.BadParameter(f"{since!r} is neither a number of days such as 30d nor a date that has been.")


def _instant(since: str, now: float, zone: tzinfo) -> float:
    """The beginning in unix seconds."""
    if days := DAYS.fullmatch(since):
        return now - timedelta(days=int(days[1])).total_seconds()
    return datetime.fromisoformat(since).replace(tzinfo=zone).timestamp()


def _as_json(found: list[Reconciliation]) -> str:
    told = [
        {
            "organization": each.organization,
            "since": moment(each.since),
            "checked": dict(each.checked),
            "differences": [dataclasses.asdict(difference) for difference in each.differences],
        }
        for each in found
    ]
    return json.dumps({"organizations": told}, indent=2)


def _page(found: Reconciliation) -> str:
    counts = ", ".join(f"{count} {kind.replace('_', ' ')}s" for kind, count in sorted(found.checked.items()))
    head = f"organization {found.organization}, since {moment(found.since)}: {counts or 'nothing'} compared"
    if not found.differences:
        return f"{head}; Zoho has what the ledger says."
    rows = [COLUMNS, *(_row(difference) for difference in found.differences)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join((f"{head}, {len(found.differences)} differ", *lines))


def _row(difference: Difference) -> tuple[str, ...]:
    number = difference.number or difference.zoho_id or ""
    return (difference.what, difference.kind, number, difference.event_id or "", difference.detail)

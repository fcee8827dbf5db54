"""`bookhook reconcile`: is in Zoho what the ledger says?"""

import dataclasses
import json
import re
import sys
import time
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

import click

from cli.desk import sit_at_desk
from cli.organizations import go_round, organization_option
from ledger.records import moment
from worker.desk import Desk
from worker.reconcile import Difference, Reconciliation, reconcile
from zoho.books import Books

DAYS = re.compile(r"(\d{1,4})d")
# In unix seconds; before it there was no Zoho.
EARLIEST = datetime(1996, 1, 1, tzinfo=UTC).timestamp()
COLUMNS = ("what", "kind", "number", "event_id", "detail")


@click.command("reconcile")
@organization_option
@click.option("--since", default="30d", show_default=True, help="So many days back, such as 30d, or a date.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def reconcile_books(organization: str | None, since: str, as_json: bool) -> None:
    """Compare what the ledger says was posted with what stands in Zoho; exits with 1 when they differ."""
    check_since(since)
    with sit_at_desk(organization) as desk:
        names = {key: books.organization.label for key, books in desk.books.items()}
        found, is_well = go_round(desk.books.values(), partial(_reconcile, desk, since=since))
    if found:
        click.echo(_as_json(found) if as_json else "\n\n".join(_page(each, names[each.organization]) for each in found))
    sys.exit(0 if is_well and not any(each.differences for each in found) else 1)


def _reconcile(desk: Desk, books: Books, *, since: str) -> Reconciliation:
    zone = ZoneInfo(books.organization.time_zone or books.names.time_zone() or "UTC")
    with books.quota.yielding(time.sleep):
        return reconcile(desk, books, since=instant(since, desk.ledger.clock(), zone))


def check_since(since: str) -> None:
    now = time.time()
    try:
        has_been = EARLIEST <= instant(since, now, UTC) <= now
    except (ValueError, OverflowError):
        has_been = False
    if not has_been:
        raise click.BadParameter(f"{since!r} is neither a number of days such as 30d nor a date that has been.")


def instant(since: str, now: float, zone: tzinfo) -> float:
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


def _page(found: Reconciliation, name: str) -> str:
    counts = ", ".join(f"{count} {kind.replace('_', ' ')}s" for kind, count in sorted(found.checked.items()))
    head = f"organization {name}, since {moment(found.since)}: {counts or 'nothing'} compared"
    if not found.differences:
        return f"{head}; Zoho has what the ledger says."
    rows = [COLUMNS, *(_row(difference) for difference in found.differences)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join((f"{head}, {len(found.differences)} differ", *lines))


def _row(difference: Difference) -> tuple[str, ...]:
    number = difference.number or difference.zoho_id or ""
    return (difference.what, difference.kind, number, difference.event_id or "", difference.detail)

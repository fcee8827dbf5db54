"""The first screen: what needs somebody, then how it goes."""

from datetime import UTC, datetime
from typing import Any

from flask import request

from console import facts
from console.frame import Pages
from console.guard import services
from ledger.records import second

HOUR = 3600
HOURS = 24
NEWEST = 10
NEWEST_PARKED = 100  # as the screen is read anew every few seconds
pages = Pages("home")


@pages.page("/", "home.html")
def home() -> dict[str, Any]:
    """Counts of what needs a person, throughput, quotas, the newest events."""
    ledger = services().ledger
    now = ledger.clock()
    organizations = [facts.organization(books, ledger) for books in services().books.values()]
    return {
        "now": now,
        "counts": ledger.events.counts(),
        "lately": ledger.events.counts_since(now - 300),
        "last_hour": ledger.events.counts_since(now - 3600),
        "last_day": ledger.events.counts_since(now - 86400),
        # Drawn when the page is opened, not each time it follows events.
        "hours": [] if "HX-Request" in request.headers else by_hour(now),
        "organizations": organizations,
        "not_connected": services().organizations.missing(),
        "groups": [without_ids(facts.group(each)) for each in ledger.failures.newest(NEWEST_PARKED)[:5]],
        "events": facts.event_lines(list(ledger.events.list(newest=NEWEST)), ledger),
    }


def by_hour(now: float) -> list[dict[str, str]]:
    """What came in each of the last hours and how much of it is posted by now, or needs a person."""
    begins = [now // HOUR * HOUR - HOUR * ago for ago in range(HOURS - 1, -2, -1)]
    posted, parked = (services().ledger.events.counts_between(begins, state) for state in ("posted", "parked"))
    return [
        {"begins_at": second(datetime.fromtimestamp(begin, UTC)), "posted": str(done), "parked": str(failed)}
        for begin, done, failed in zip(begins, posted, parked, strict=False)
    ]


def without_ids(group: dict[str, Any]) -> dict[str, Any]:
    """A group as the first screen shows it."""
    return {name: value for name, value in group.items() if name != "event_ids"}

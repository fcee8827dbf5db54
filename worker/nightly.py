"""The nightly comparison of ledger and Zoho, once for each organization and day, whichever worker process makes it."""

import threading
from collections import Counter
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from redis.exceptions import RedisError

from errors import BookhookError, RetryLater
from outbound import NotDelivered
from worker.desk import Desk
from worker.reconcile import Difference, reconcile
from zoho.books import Books

LOOKED_BACK = timedelta(days=30)
TICK_SECONDS = 60.0
# What Zoho could not answer is asked again so much later at the earliest.
SHORTEST_PAUSE_SECONDS = 300.0
log = structlog.get_logger()


def keep_reconciling(desk: Desk, at: time, stop: threading.Event) -> None:
    """Looks once a minute whether it is time, until `stop` is set; for a thread of its own, since it takes a while."""
    while not stop.wait(TICK_SECONDS):
        try:
            reconcile_if_due(desk, at)
        except RedisError as error:
            log.warning("redis_away", reason=type(error).__name__)
        except Exception as error:  # the outermost line of the thread, which nobody would start again
            desk.report(error)


def reconcile_if_due(desk: Desk, at: time) -> None:
    """Compares each organization whose day has come to that time and that was not compared today; tells of it.

    One for which nothing ever came has nothing to compare. What Zoho cannot answer now is asked again later the same
    day; no organization's trouble keeps another from its turn.
    """
    for organization in desk.ledger.dispatch.organizations():
        try:
            if (books := desk.books.get(organization)) is not None:
                _reconcile_if_due(desk, organization, books, at)
        except BookhookError as trouble:
            log.warning("not_reconciled", organization=organization, reason=trouble.code)
        except RedisError:
            raise
        except Exception as error:  # what is odd in one organization's books is not the others' fault
            desk.report(error)


def _reconcile_if_due(desk: Desk, organization: str, books: Books, at: time) -> None:
    zone = ZoneInfo(books.organization.time_zone or books.names.time_zone() or "UTC")
    now = datetime.fromtimestamp(desk.ledger.clock(), zone)
    turns = desk.ledger.reconciliations
    if now.time() < at or not turns.begin(organization, now.date()):
        return
    try:
        found = reconcile(desk, books, since=(now - LOOKED_BACK).timestamp())
    except RetryLater as trouble:
        turns.postpone(organization, now.date(), max(trouble.retry_after_seconds or 0.0, SHORTEST_PAUSE_SECONDS))
        raise
    turns.end(organization, now.date())
    log.info("reconciled", organization=organization, differences=len(found.differences))
    if found.differences:
        _tell(desk, organization, found.differences)


def _tell(desk: Desk, organization: str, differences: tuple[Difference, ...]) -> None:
    counts = Counter(difference.what for difference in differences)
    told = ", ".join(f"{count} {what}" for what, count in counts.most_common())
    try:
        desk.outbound.alert(
            f"Ledger and Zoho Books differ in organization {organization}: {told}. See `bookhook reconcile`."
        )
    except NotDelivered as failure:
        log.error("alert_not_delivered", reason=str(failure))

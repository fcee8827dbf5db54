"""Where unexpected errors are told: to Sentry if this deployment has a DSN, else nowhere but in the log."""

import importlib
from collections.abc import Callable

Report = Callable[[BaseException], None]


def start_reports(dsn: str | None) -> Report:
    """Has uncaught errors and ERROR log lines told to `dsn`; gives what to tell of any other exception.

    Without a DSN nobody is told, and Sentry's SDK is not loaded: it brings Flask along, also into the worker.
    """
    if dsn is None:
        return tell_nobody
    sentry = importlib.import_module("config.sentry")
    sentry.configure_sentry(dsn)
    report: Report = sentry.report
    return report


def tell_nobody(error: BaseException) -> None:
    """Does nothing: for commands at a terminal, whose errors a person sees."""

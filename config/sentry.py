"""Reports of unexpected errors to Sentry, without bodies, addresses and secrets.

Loaded by `config.reports` alone, and only where there is a DSN.
Options: docs.sentry.io/platforms/python/configuration/options;
events: develop.sentry.dev/sdk/data-model/event-payloads.
"""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

import sentry_sdk
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.transport import Transport

from config.redaction import redact, redact_text

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

LONGEST_TEXT = 500
_KEPT_OF_REQUESTS = ("method", "url")
_KEPT_OF_BREADCRUMBS = ("type", "category", "level", "timestamp")


def configure_sentry(dsn: str, *, transport: Transport | None = None) -> None:
    """Reports uncaught errors and ERROR log lines to `dsn`, scrubbed.

    Personal data is not collected unless asked for (`send_default_pii`, which warns when it is even mentioned).
    """
    sentry_sdk.init(
        dsn=dsn,
        transport=transport,
        release=f"bookhook@{version('bookhook')}",
        include_local_variables=False,
        max_request_body_size="never",
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        integrations=[FlaskIntegration()],
        before_send=lambda event, hint: scrub(_with_log_line(event, hint)),
        before_send_transaction=lambda event, hint: scrub(event),
    )


def report(error: BaseException) -> None:
    """Reports an exception that was caught."""
    sentry_sdk.capture_exception(error)


def scrub(event: "Event") -> "Event":
    """The event as it may leave this machine.

    Without user, request body, query, cookies, all headers but the content type, local variables and breadcrumb
    data; without e-mail addresses and what looks secret in any text; without anything under a private name.
    """
    kept: dict[str, Any] = {
        name: part for name, part in event.items() if name not in {"user", "request", "breadcrumbs"}
    }
    scrubbed = cast("dict[str, Any]", redact(_without_words(_without_variables(kept)), text=_shorten))
    if "request" in event:
        scrubbed["request"] = _scrub_request(cast("dict[str, Any]", event["request"]))
    if "breadcrumbs" in event:
        crumbs = cast("dict[str, Any]", event["breadcrumbs"]).get("values") or []
        scrubbed["breadcrumbs"] = {"values": [_scrub_breadcrumb(crumb) for crumb in crumbs]}
    return cast("Event", scrubbed)


def _with_log_line(event: "Event", hint: "Hint") -> "Event":
    """The event, named after the log line that caused it and with its facts, if there was one."""
    line = getattr(hint.get("log_record"), "msg", None)
    if not isinstance(line, dict):
        return event
    facts = {name: fact for name, fact in line.items() if name not in {"event", "exc_info"}}
    return cast("Event", event | {"logentry": {"message": str(line.get("event"))}, "extra": facts})


def _scrub_request(request: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: redact_text(str(request[name])) for name in _KEPT_OF_REQUESTS if name in request}
    headers = request.get("headers") or {}
    types = {name: redact_text(str(value)) for name, value in headers.items() if name.lower() == "content-type"}
    return kept | ({"headers": types} if types else {})


def _scrub_breadcrumb(crumb: dict[str, Any]) -> dict[str, Any]:
    return cast("dict[str, Any]", redact({name: crumb[name] for name in _KEPT_OF_BREADCRUMBS if name in crumb}))


def _without_variables(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_variables(item) for name, item in value.items() if name != "vars"}
    return [_without_variables(item) for item in value] if isinstance(value, list | tuple) else value


def _without_words(event: object) -> object:
    """The event without what exceptions say, save this project's own, whose words hold nobody's data."""
    if not isinstance(event, dict) or "exception" not in event:
        return event
    values = [
        one if one.get("module") == "errors" else {name: part for name, part in one.items() if name != "value"}
        for one in event["exception"].get("values") or []
    ]
    return event | {"exception": {"values": values}}


def _shorten(text: str) -> str:
    redacted = redact_text(text)
    return redacted if len(redacted) <= LONGEST_TEXT else redacted[:LONGEST_TEXT] + "…"

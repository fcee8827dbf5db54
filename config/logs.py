"""Logs: one JSON object a line on stderr, from this project and from the libraries it uses alike.

    {"timestamp": "2026-01-31T09:00:00.123456Z", "level": "info", "logger": "worker.jobs", "event": "posted",
     "event_id": "…", "connection": "shopify", "zoho_id": "…"}

A step is logged by name with its facts, `log.info("posted", key=…, zoho_id=…)`; what belongs to every line of a piece
of work is bound once with `structlog.contextvars.bound_contextvars(event_id=…, connection=…)`.
"""

import json
import logging
import sys
from typing import Any, cast

import structlog
from structlog.typing import EventDict, Processor

from config.redaction import redact

# What granian must be given as `log_dictconfig`, or it would write lines of its own to stdout.
SERVER_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"handlers": [], "propagate": True}, "granian.access": {"handlers": [], "propagate": True}},
}

_MADE_HERE = ("timestamp", "level", "logger")
_JSON = json.JSONEncoder(default=str)
_FACTS: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure_logs(level: str, *, console: bool = False) -> None:
    """Sends every log line of `level` (INFO, ...) and above to stderr, as JSON or, for `console`, for reading.

    May be called again, in a child process or with another level; loggers obtained before follow.
    """
    _leave_out_what_no_line_tells()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(console=console))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_FACTS, _hand_over],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _leave_out_what_no_line_tells() -> None:
    """Spares a third of a line's cost: docs.python.org/3/howto/logging.html#optimization."""
    logging._srcfile = None  # where in the source it was written
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def _hand_over(logger: logging.Logger, method: str, line: EventDict) -> tuple[tuple[EventDict], dict[str, Any]]:
    """The call of the standard logger; the exception goes along, for handlers that report it."""
    args, keywords = structlog.stdlib.ProcessorFormatter.wrap_for_formatter(logger, method, line)
    return args, keywords | {"exc_info": line.get("exc_info")}


def _formatter(*, console: bool) -> logging.Formatter:
    renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if console else _render
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_FACTS,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact_line,
            renderer,
        ],
    )


def _render(logger: object, method: str, line: EventDict) -> str:
    return _JSON.encode(line)


def redact_line(logger: object, method: str, line: EventDict) -> EventDict:
    """The line without what looks private, what every line has in front."""
    made_here = {name: line[name] for name in _MADE_HERE if name in line}
    told = cast("dict[str, object]", redact({name: line[name] for name in line if name not in made_here}))
    return made_here | {"event": told.get("event")} | told

"""The public web process: verify, record and queue, acknowledge."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from errors import Refused, TooLarge
from ingest.door import Door
from ingest.intake import Intake
from ledger import Recorded
from mappings import Received, Reply

RETRY_AFTER_SECONDS = 30
_JSON = json.JSONEncoder(separators=(",", ":"))
log = structlog.get_logger(__name__)


def create_app(door: Door, intake: Intake, *, max_body_bytes: int, clock: Callable[[], float] = time.time) -> Flask:
    """The WSGI application; it answers only what docs/http.md promises."""
    app = Flask("bookhook", static_folder=None)
    app.url_map.merge_slashes = False  # a redirect would be HTML, to a host the caller names

    @app.post("/hooks/<connection>")
    def receive(connection: str) -> Response:
        found = door.connection(connection)
        received = Received(_read_body(max_body_bytes), _read_headers(request.environ))
        admitted = door.admit(found, received, now=clock())
        if isinstance(admitted, Reply):
            return _response(admitted)
        recorded = intake.record(admitted)
        log.info(recorded.status, event_id=recorded.event_id, connection=found.name, topic=admitted.topic)
        status = "ignored" if admitted.ignored is not None else recorded.status
        reply = door.sources[found.source].reply(received, status, topic=admitted.topic)
        return _response(reply) if reply else _acknowledge(recorded)

    @app.get("/healthz")
    def alive() -> Response:
        return _json({"status": "alive"})

    @app.get("/readyz")
    def ready() -> Response:
        told = {"connections": len(door.connections), "redis": intake.is_redis_there(), "spooled": intake.spooled()}
        if told["redis"]:
            return _json({"status": "ready", **told})
        keeps = "the spool keeps what comes" if intake.is_spool_there() else "the spool cannot keep anything either"
        return _json({"status": "not ready", "problem": f"Redis cannot record; {keeps}.", **told}, status=503)

    app.register_error_handler(Refused, _refuse)
    app.register_error_handler(HTTPException, _answer_http_error)
    return app


def _read_body(most: int) -> bytes:
    """The raw body; raises TooLarge, unread where its length is announced and after `most` bytes where it is not."""
    refusal = TooLarge(f"The body is larger than {most} bytes.")
    if (request.content_length or 0) > most:
        raise refusal
    body: bytes = request.environ["wsgi.input"].read(most + 1)
    if len(body) > most:
        raise refusal
    return body


def _read_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """The headers with lower-case names."""
    told = {name[5:]: value for name, value in environ.items() if name.startswith("HTTP_")}
    told |= {name: environ[name] for name in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(name)}
    return {name.replace("_", "-").lower(): value for name, value in told.items()}


def _acknowledge(recorded: Recorded) -> Response:
    told = {"event_id": recorded.event_id, "status": recorded.status}
    return _json(told, status=202 if recorded.status == "queued" else 200)


def _response(reply: Reply) -> Response:
    return Response(reply.body, status=reply.status, content_type=reply.content_type)


def _refuse(error: Refused) -> Response:
    response = _error(error.status, error.code, error.message)
    if error.status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _answer_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    return _error(status, error.name.lower().replace(" ", "_"), error.description or error.name)


def _error(status: int, code: str, message: str) -> Response:
    return _json({"error": {"code": code, "message": message}}, status=status)


def _json(content: object, *, status: int = 200) -> Response:
    return Response(_JSON.encode(content) + "\n", status=status, content_type="application/json")

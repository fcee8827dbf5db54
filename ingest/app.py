"""The public web process: verify, record and queue, acknowledge."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from errors import NotRecorded, Refused, TooLarge
from ingest.door import Admitted, Door
from ingest.intake import Intake
from ledger.arrivals import Arrival, Recorded
from mappings import Handshake, Received, Reply, Then

RETRY_AFTER_SECONDS = 30
FOREMOST = ("queued", "duplicate", "ignored")
_JSON = json.JSONEncoder(separators=(",", ":"))


class App(Flask):
    """Flask without coroutines, which would be asked for at every request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(
    door: Door,
    intake: Intake,
    *,
    max_body_bytes: int,
    record: Callable[[Sequence[Arrival]], Sequence[Recorded | NotRecorded]] | None = None,
    do: Callable[[str, Then], None] | None = None,
    clock: Callable[[], float] = time.time,
) -> Flask:
    """The WSGI application; it answers only what docs/http.md promises. It records with `record`, else the intake's.

    `do` has done, while it goes on, what a handshake of a connection asks for.
    """
    record = record or intake.record_all
    app = App("bookhook", static_folder=None)
    app.url_map.merge_slashes = False  # a redirect would be HTML, to a host the caller names

    @app.post("/hooks/<connection>")
    @app.post("/hooks/<connection>/<token>")
    def receive(connection: str, token: str = "") -> Response:
        found = door.connection(connection)
        now = clock()
        received = Received(_read_body(max_body_bytes), _read_headers(request.environ), at=now)
        query = request.environ.get("QUERY_STRING", "")
        admitted = door.admit(found, received, now=now, token=token, query=query)
        if isinstance(admitted, Handshake):
            if admitted.then and do:
                do(connection, admitted.then)
            return _response(admitted.reply)
        recorded = _require_all(record([each.arrival for each in admitted]))
        (arrival, event), told = min(zip(admitted, recorded, strict=True), key=_rank)
        source, status = door.sources[found.name], "ignored" if arrival.ignored is not None else told.status
        reply = source.reply(event, status, topic=arrival.topic)
        return _response(reply) if reply else _acknowledge(told, recorded if source.may_send_several else ())

    @app.get("/hooks/<connection>")
    @app.get("/hooks/<connection>/<token>")
    def greet(connection: str, token: str = "") -> Response:
        headers, query = _read_headers(request.environ), request.environ.get("QUERY_STRING", "")
        handshake = door.greet(door.connection(connection), headers, now=clock(), token=token, query=query)
        if handshake is None:
            raise MethodNotAllowed(["POST"])
        return _response(handshake.reply)

    app.add_url_rule("/healthz", view_func=_tell_alive)
    app.add_url_rule("/readyz", "ready", partial(_tell_ready, door, intake))
    app.register_error_handler(Refused, _refuse)
    app.register_error_handler(HTTPException, _answer_http_error)
    return app


def _tell_alive() -> Response:
    return _json({"status": "alive"})


def _tell_ready(door: Door, intake: Intake) -> Response:
    told = {"connections": len(door.connections), "redis": intake.is_redis_there(), "spooled": intake.spooled()}
    if told["redis"]:
        return _json({"status": "ready", **told})
    keeps = "the spool keeps what comes" if intake.is_spool_there() else "the spool cannot keep anything either"
    return _json({"status": "not ready", "problem": f"Redis cannot record; {keeps}.", **told}, status=503)


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


def _require_all(outcomes: Sequence[Recorded | NotRecorded]) -> list[Recorded]:
    """The outcomes, if every event of the request is recorded; else the sender has to repeat it, which doubles none."""
    for outcome in outcomes:
        if isinstance(outcome, NotRecorded):
            raise outcome
    return [outcome for outcome in outcomes if isinstance(outcome, Recorded)]


def _rank(event: tuple[Admitted, Recorded]) -> int:
    """Of several events the answer is about the first that is new, else about one that is known."""
    return FOREMOST.index(event[1].status)


def _acknowledge(recorded: Recorded, several: Sequence[Recorded]) -> Response:
    told: dict[str, object] = _as_json(recorded)
    if several:
        told["events"] = [*map(_as_json, several)]
    return _json(told, status=202 if recorded.status == "queued" else 200)


def _as_json(recorded: Recorded) -> dict[str, object]:
    return {"event_id": recorded.event_id, "status": recorded.status}


def _response(reply: Reply) -> Response:
    # What a sender said may be in it: no browser that is led here may take it for a page.
    headers = {"X-Content-Type-Options": "nosniff"}
    return Response(reply.body, status=reply.status, content_type=reply.content_type, headers=headers)


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

"""A stand-in for the APIs of senders: it answers as it was told to, by host, path and query."""

import base64
from typing import Any
from urllib.parse import parse_qsl, unquote

from flask import Blueprint, Response, jsonify, request

from sandbox.answers import ControlError, parse_json
from sandbox.call import world

api = Blueprint("apis", __name__, url_prefix="/_sandbox/apis")
PDF = b"%PDF-1.7\nA file that a sender keeps.\n%%EOF\n"
# One grey dot.
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")
FILES = {"pdf": (PDF, "application/pdf"), "png": (PNG, "image/png")}
Parameters = frozenset[tuple[str, str]]
Key = tuple[str, str, Parameters]
"""Host, path, and what of the query decides; a call may have more, such as a credential."""


@api.post("")
def expect() -> Response:
    """Takes answers: `{"host", "answers": {"/path?query": "the JSON as text"}}`; null is none any more."""
    body = _json_body()
    try:
        answers = {_key(body["host"], target): text for target, text in body["answers"].items()}
    except (TypeError, KeyError, AttributeError):
        raise ControlError('give {"host": …, "answers": {"/path?query": "the JSON, as text"}}') from None
    for key, text in answers.items():
        world().apis.pop(key, None)
        if text is not None:
            world().apis[key] = str(text)
    return jsonify(answers=len(world().apis))


@api.get("/<host>/<path:path>")
def answer(host: str, path: str) -> Response:
    _, called, parameters = _key(host, f"/{path}?{request.query_string.decode()}")
    fitting = [key for key in world().apis if key[:2] == (host, called) and key[2] <= parameters]
    if not fitting and path.rpartition(".")[2] in FILES:
        content, media_type = FILES[path.rpartition(".")[2]]
        return Response(content, mimetype=media_type)
    if not fitting:
        return Response('{"error": "not found"}', 404, mimetype="application/json")
    return Response(world().apis[max(fitting, key=lambda key: len(key[2]))], mimetype="application/json")


@api.errorhandler(ControlError)
def explain(error: ControlError) -> tuple[Response, int]:
    return jsonify(error=str(error)), 400


def _key(host: str, target: str) -> Key:
    path, _, query = target.partition("?")
    return host, unquote(path), frozenset(parse_qsl(query, keep_blank_values=True))


def _json_body() -> Any:
    try:
        return parse_json(request.get_data())
    except ValueError:
        raise ControlError("the body is not JSON") from None

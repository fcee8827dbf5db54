"""Fields of a request's body, by the way to them: `data.token`; where a text stands on the way, it is read as JSON."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from simplejson import JSONEncoder

from errors import SignatureMismatch, Unreadable
from ingest.schemes.scheme import CannotSign, Request
from mappings.examples import form_body
from mappings.json_bodies import glimpse_json
from mappings.multipart import Malformed
from mappings.received import FORM, Received

write_json = JSONEncoder(use_decimal=True, ensure_ascii=False, separators=(",", ":")).encode
"""JSON as `compact` writes it, in less time and nested deeper: for what is signed here to be sent, and not recorded."""


def read_body(request: Request) -> object:
    """The parsed body; raises SignatureMismatch if it cannot be read."""
    try:
        return Received(request.body, request.headers).glimpse()[0]
    except Unreadable as error:
        raise SignatureMismatch(f"{error.message} So what proves its sender is not found.") from None


def read_field(request: Request, path: str) -> str | int:
    """The text or whole number there; raises SignatureMismatch if there is none."""
    return _find(read_body(request), path)


def read_signed_time(request: Request, path: str) -> str:
    """The time there; nothing where a genuine body cannot be read at all: however old it is, it is for a person then.

    Raises SignatureMismatch if a body that can be read holds none.
    """
    try:
        body = Received(request.body, request.headers).glimpse()[0]
    except Unreadable:
        return ""
    return str(_find(body, path))


def _find(body: object, path: str) -> str | int:
    value: object = body
    for name in path.split("."):
        place = _parsed(value) if isinstance(value, str) else value
        value = place.get(name) if isinstance(place, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise SignatureMismatch(f"The body holds no {path}.", code="missing_signature")
    return value


def _parsed(text: str) -> object:
    try:
        return glimpse_json(text.encode("utf-8", "surrogatepass"))
    except Malformed:
        return None


def with_field(request: Request, path: str, value: str | int) -> Request:
    """The request with that value there; its body is JSON or a form. Raises CannotSign."""
    try:
        return request._replace(body=_put(request, path, value))
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise CannotSign(f"its body has no place for {path}") from None


def _put(request: Request, path: str, value: str | int) -> bytes:
    way = path.split(".")
    if Received(request.body, request.headers).media_type == FORM:
        return form_body(_with(dict(parse_qsl(request.body.decode(), keep_blank_values=True)), way, value)).encode()
    return write_json(_with(json.loads(request.body, parse_float=Decimal), way, value)).encode()


def _with(place: Any, way: Sequence[str], value: str | int) -> Any:
    """What is there with the value at the end of the way."""
    if not way:
        return value
    if isinstance(place, str):
        return write_json(_with(json.loads(place, parse_float=Decimal), way, value))
    place[way[0]] = _with(place.get(way[0], {}), way[1:], value)
    return place

"""Fields of a request's body, by the way to them: `data.token`."""

import json
from decimal import Decimal
from urllib.parse import parse_qsl, urlencode

from errors import SignatureMismatch, Unreadable
from ingest.schemes.scheme import CannotSign, Request
from mappings.examples import compact
from mappings.received import FORM, Received


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
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise SignatureMismatch(f"The body holds no {path}.", code="missing_signature")
    return value


def with_field(request: Request, path: str, value: str | int) -> Request:
    """The request with that value there; its body is JSON or a form. Raises CannotSign."""
    try:
        return request._replace(body=_put(request, path, value))
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise CannotSign(f"its body has no place for {path}") from None


def _put(request: Request, path: str, value: str | int) -> bytes:
    if Received(request.body, request.headers).media_type == FORM:
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        return urlencode({**form, path: value}).encode()
    content = json.loads(request.body, parse_float=Decimal)
    *way, last = path.split(".")
    place = content
    for name in way:
        place = place.setdefault(name, {})
    place[last] = value
    return compact(content).encode()

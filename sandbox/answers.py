"""How the sandbox answers: Zoho's envelope, its refusals, and JSON in which money stays exact.

Envelope and codes: https://www.zoho.com/books/api/v3/errors/
"""

from decimal import Decimal
from typing import Any, NoReturn

import simplejson
from flask import Response, jsonify
from flask.json.provider import JSONProvider

Record = dict[str, Any]


class ApiError(Exception):
    """Raised when Zoho would refuse a Books call; becomes `{"code", "message"}` under that HTTP status."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class ControlError(Exception):
    """Raised when a control route cannot use what it was sent; becomes a 400 that says why."""


class DecimalJson(JSONProvider):
    """Reads fractions as `Decimal` and writes `Decimal` as a number, digit for digit."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return simplejson.dumps(obj, use_decimal=True, **kwargs)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return parse_json(s)


def parse_json(raw: str | bytes) -> Any:
    """The value of a JSON text, fractions as `Decimal`; ValueError for anything that is not strict JSON."""
    try:
        return simplejson.loads(raw, parse_float=Decimal, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def envelope(message: str = "success", *, status: int = 200, **resource: Any) -> Response:
    """A successful answer: code 0, the message and one resource."""
    response = jsonify({"code": 0, "message": message, **resource})
    response.status_code = status
    return response


def refusal(error: ApiError) -> Response:
    """The answer for a refused call."""
    response = jsonify({"code": error.code, "message": error.message})
    response.status_code = error.status
    return response


def wrong_value(message: str) -> ApiError:
    """A refusal for a value of the right type that makes no sense (code 4)."""
    return ApiError(400, 4, message)


def missing(message: str) -> ApiError:
    """A refusal for an id that leads nowhere (code 1002), which Zoho reports as 404 even on a write."""
    return ApiError(404, 1002, message)

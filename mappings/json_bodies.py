"""JSON as bodies and fields hold it: UTF-8, decimals exactly as `Decimal`, and strict."""

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

import msgspec

from mappings.conversions import Unfit, kind_of
from mappings.multipart import Malformed

_LONGEST_NUMBER = 1000
_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")


def read_json(body: bytes) -> object:
    """The value, in which no object names a key twice. Raises Malformed."""
    return _told(body, _without_repeats)


def glimpse_json(body: bytes) -> object:
    """The same for half the time: of a key that an object names twice the last counts. Raises Malformed."""
    try:
        return _QUICK.decode(body)
    except (msgspec.DecodeError, Malformed, RecursionError, ValueError):
        return _told(body, None)  # which says what is wrong, or reads what the quick one does not


def parse(value: object) -> object:
    """What the JSON in a text says."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unfit(f"{kind_of(value)} is not a text")
    try:
        return read_json(value.encode("utf-8", "surrogatepass"))
    except Malformed as error:
        raise Unfit(f"the text is not JSON: {error}") from None


def _told(body: bytes, make_object: Callable[[list[tuple[str, object]]], object] | None) -> object:
    try:
        return _decode(body, make_object)
    except UnicodeDecodeError:
        raise Malformed("it is not UTF-8") from None
    except RecursionError:
        raise Malformed("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Malformed(f"it is not JSON at line {error.lineno}, character {error.colno}") from None
    except ValueError:
        raise Malformed("it holds a number with too many digits") from None


def _decode(body: bytes, make_object: Callable[[list[tuple[str, object]]], object] | None) -> object:
    text = body.decode()
    if not text.strip():
        raise Malformed("it is empty")
    value: object = json.loads(
        text, parse_float=_read_decimal, parse_constant=_refuse_constant, object_pairs_hook=make_object
    )
    if _HALF_CHARACTER.search(body):
        _refuse_half_characters(value)
    return value


def _read_decimal(text: str) -> Decimal:
    number = _exact(text)
    if number is None:
        raise Malformed("it holds a number that is too long or has an extreme exponent")
    return number


_QUICK = msgspec.json.Decoder(float_hook=_read_decimal)


def _exact(text: str) -> Decimal | None:
    if len(text) > _LONGEST_NUMBER:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent of more than 18 digits
        return None
    return number if abs(int(number.as_tuple().exponent)) <= _LONGEST_NUMBER else None


def _refuse_constant(name: str) -> object:
    raise Malformed(f"{name} is not a number in JSON")


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise Malformed("an object names one of its keys twice")
    return result


def _refuse_half_characters(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise Malformed("it holds half of a character (an unpaired surrogate)") from None

"""A request as it came: raw bytes and headers in, one parsed value out."""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import PureWindowsPath
from urllib.parse import parse_qsl

from errors import Unreadable
from mappings.conversions import text as one_line
from mappings.multipart import MULTIPART, File, Malformed, read_parts

FORM = "application/x-www-form-urlencoded"
EVENT_PART = "event"
_LONGEST_FILE_NAME = 100
_MOST_FIELDS = 1000
_LONGEST_NUMBER = 1000
Parsed = tuple[object, Mapping[str, File], str]
"""The value, the files, and what is wrong with the body, if it is."""
ReadJson = Callable[[bytes], object]
_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")


class Received:
    """A request whose body is parsed when first asked for, and once.

    A form becomes a mapping of its first values; of a form of several parts the part `event` is read as JSON, and those
    with a file name are files; everything else is read as JSON, decimals exactly as `Decimal`. Header names are found
    in any case.
    """

    def __init__(self, body: bytes, headers: Mapping[str, str]) -> None:
        self.body = body
        self.headers = {name.lower(): value for name, value in headers.items()}

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case; empty if there is none."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @property
    def root(self) -> object:
        """The parsed body. Raises Unreadable, which says what is wrong with it and never quotes it."""
        return _readable(self._parsed)[0]

    @property
    def files(self) -> Mapping[str, File]:
        """The files that came with it, by the names of their parts. Raises Unreadable as `root` does."""
        return _readable(self._parsed)[1]

    def glimpse(self) -> tuple[object, Mapping[str, File]]:
        """What `root` and `files` give, for half the time: of a key that an object names twice the last counts.

        Raises Unreadable for everything else that `root` raises it for.
        """
        return _readable(self._glimpsed)

    @cached_property
    def _parsed(self) -> Parsed:
        return self._try_to_parse(_read_json)

    @cached_property
    def _glimpsed(self) -> Parsed:
        return self._try_to_parse(_glimpse_json)

    def _try_to_parse(self, read_json: ReadJson) -> Parsed:
        try:
            return (*self._parse(read_json), "")
        except UnicodeDecodeError:
            return None, {}, "it is not UTF-8"
        except RecursionError:
            return None, {}, "it is nested too deeply"
        except Malformed as error:
            return None, {}, str(error)
        except json.JSONDecodeError as error:
            return None, {}, f"it is not JSON at line {error.lineno}, character {error.colno}"
        except ValueError:
            return None, {}, "it holds a number with too many digits, or too many fields"

    def _parse(self, read_json: ReadJson) -> tuple[object, Mapping[str, File]]:
        if self.media_type == FORM:
            return _read_form(self.body.decode()), {}
        if self.media_type == MULTIPART:
            return _read_multipart(self.body, self.headers["content-type"], read_json)
        return read_json(self.body), {}


def _readable(parsed: Parsed) -> tuple[object, Mapping[str, File]]:
    value, files, complaint = parsed
    if complaint:
        raise Unreadable(
            f"The body cannot be read: {complaint}.",
            remedy="Look at the raw body and at what the sender is set to send; nothing was posted.",
            field="body",
        )
    return value, files


def _read_multipart(body: bytes, content_type: str, read_json: ReadJson) -> tuple[object, Mapping[str, File]]:
    parts = read_parts(body, content_type)
    event = parts.pop(EVENT_PART, None)
    if event is None:
        raise Malformed(f"none of its parts is called {EVENT_PART}")
    files = {name: File(_file_name(part.file_name), part.content) for name, part in parts.items() if part.file_name}
    return read_json(event.content), files


def _file_name(name: str) -> str:
    """The name without folders, whichever way round their slashes are, and short enough to keep its ending."""
    bare = one_line(PureWindowsPath(name).name) or "file"
    return bare[-_LONGEST_FILE_NAME:]


def _read_form(text: str) -> dict[str, str]:
    pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    return dict(reversed(pairs))


def _read_json(body: bytes) -> object:
    return _decode(body, _without_repeats)


def _glimpse_json(body: bytes) -> object:
    return _decode(body, None)


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

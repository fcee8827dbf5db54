"""The examples beside a mapping: what is sent, and what must come of it.

`<case>.request.json` holds `headers` (without signatures) and either `body` (JSON, sent as compact UTF-8 JSON in the
order it is written), `form` (fields, sent as a form, what is no text as JSON) or `raw` (a text, sent as it is);
`fetched`, what the sender's API answers about it, by the names of the steps; and `arrived`, when it came, where
something hangs on that. `<case>.expected.json` holds `topic`, `state` (`posted`, `ignored`, `parked`), and as far as
they apply `after` (the cases it follows), `once_per`, `document` (the one that stands for the event: `kind`, `total`,
`currency_code`), `drafts`, `error`, `reason`.
"""

import dataclasses
import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from drafts import Drafts
from mappings import times
from mappings.multipart import MULTIPART, read_parts
from mappings.received import EVENT_PART, FORM, Received


@dataclass(frozen=True)
class Example:
    """One example request, unsigned, what the sender's API answers about it, and what is expected of it.

    `arrived` is when it came, in unix seconds, if that is said. `split` takes the events out of a request.
    """

    source: str
    case: str
    body: bytes
    headers: dict[str, str]
    expected: dict[str, Any]
    fetched: Mapping[str, object] = field(default_factory=dict)
    arrived: float | None = None
    split: Callable[[Received], list[Received]] = field(default=lambda received: [received], repr=False)

    @property
    def events(self) -> list[Received]:
        """The events of the request, with what is fetched for them."""
        return self.split(Received(self.body, self.headers, self.fetched, at=self.arrived))

    @property
    def received(self) -> Received:
        """Its event: an example holds one."""
        return self.events[0]

    def with_fields(self, changes: Mapping[str, str]) -> "Example":
        """The same example with other values for these fields at the top of its event, JSON or form."""
        if not changes:
            return self
        content_type = self.headers["Content-Type"]
        if content_type.startswith(FORM):
            fields = dict(parse_qsl(self.body.decode(), keep_blank_values=True)) | dict(changes)
            return dataclasses.replace(self, body=urlencode(fields).encode())
        is_multipart = content_type.startswith(MULTIPART)
        event = read_parts(self.body, content_type)[EVENT_PART].content if is_multipart else self.body
        content = json.loads(event, parse_float=Decimal)
        changed = [each | dict(changes) for each in content] if isinstance(content, list) else content | dict(changes)
        return dataclasses.replace(self, body=self.body.replace(event, compact(changed).encode(), 1))


def request_files(folder: Path) -> list[Path]:
    """The requests of a folder of examples, by name."""
    return sorted(folder.glob("*.request.json"))


def expected_file(request: Path) -> Path:
    """Where stands what must come of a request."""
    return request.with_name(f"{_case(request)}.expected.json")


Written = tuple[bytes, dict[str, str], dict[str, object], float | None]
"""Body, headers, answers of the sender's API, and when it came in unix seconds, if that is written."""


def read_request(file: Path, *, media_type: str) -> Written:
    """What a file says of a request. Raises OSError, or ValueError saying what the file is not."""
    request = json.loads(file.read_bytes(), parse_float=Decimal)
    if not isinstance(request, dict):
        raise NotWritten(SHAPE)
    body, said = written_body(request)
    headers = {"Content-Type": media_type, **said, **request.get("headers", {})}
    return body, headers, request.get("fetched", {}), read_arrival(request)


def read_arrival(request: Mapping[str, object]) -> float | None:
    """When a request that is written down came, if it says so. Raises NotWritten for what is no moment."""
    if "arrived" not in request:
        return None
    if (at := times.moment(request["arrived"])) is None:
        raise NotWritten('"arrived" must be a time, such as 2026-03-14T10:00:00Z')
    return at


def read_example(
    request: Path, *, source: str, media_type: str, split: Callable[[Received], list[Received]]
) -> Example:
    """The example; nothing is expected of one whose outcome is not written yet. Raises OSError and ValueError."""
    body, headers, fetched, at = read_request(request, media_type=media_type)
    outcome = expected_file(request)
    expected = json.loads(outcome.read_bytes()) if outcome.is_file() else {}
    if not isinstance(expected, dict):
        raise ValueError(f"{outcome.name} is not a JSON object")
    return Example(source, _case(request), body, headers, expected, fetched, at, split)


def _case(request: Path) -> str:
    return request.name.removesuffix(".request.json")


def compact(value: object) -> str:
    """The value as JSON without spaces, characters as they are, decimals digit for digit."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{compact(key)}:{compact(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(compact(each) for each in value) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


class NotWritten(ValueError):
    """Raised when what is written down is no request; says why."""


def written_body(request: Mapping[str, object]) -> tuple[bytes, dict[str, str]]:
    """The body of a request that is written down, and the header that a form goes with. Raises NotWritten."""
    names = BODIES.keys() & request.keys()
    if len(names) != 1:
        raise NotWritten(SHAPE)
    [name] = names
    return BODIES[name](request[name]).encode(), {"Content-Type": FORM} if name == "form" else {}


def form_body(fields: object) -> str:
    """The fields as a form: what is no text is JSON. Raises NotWritten for what has no fields."""
    if not isinstance(fields, dict):
        raise NotWritten('"form" must hold fields: {"name": "value"}')
    return urlencode({name: each if isinstance(each, str) else compact(each) for name, each in fields.items()})


def _raw_body(text: object) -> str:
    if not isinstance(text, str):
        raise NotWritten('"raw" must be a text')
    return text


BODIES: Mapping[str, Callable[[object], str]] = {"body": compact, "form": form_body, "raw": _raw_body}
"""How a request that is written down holds its body, and what is sent."""

SHAPE = 'it must be {"headers": {…}, "body": …}, or have "form" with fields, or "raw" with a text, in place of "body"'


def as_json(drafts: Drafts) -> dict[str, Any]:
    """The drafts as plain JSON values: amounts and dates as text, files by their size; what is usual is left out.

    Usual are the defaults of a draft, and among them everything that is not there.
    """
    return {name: value for name, value in _plain(drafts).items() if name != "once_per"}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        given = {
            each.name: getattr(value, each.name) for each in dataclasses.fields(value) if not _is_usual(each, value)
        }
        return {name: _plain(each) for name, each in given.items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return str(value) if isinstance(value, Decimal | datetime.date) else value


def _is_usual(field: dataclasses.Field[Any], draft: object) -> bool:
    return field.name != "kind" and getattr(draft, field.name) == field.default

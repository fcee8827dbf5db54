"""The examples beside a mapping: what is sent, and what must come of it.

`<case>.request.json` holds `headers` (without signatures) and either `body` (JSON, sent as compact UTF-8 JSON in the
order it is written) or `raw` (a text, sent as it is). `<case>.expected.json` holds `topic`, `state` (`posted`,
`ignored`, `parked`), and as far as they apply `once_per`, `document`, `drafts`, `error`.
"""

import dataclasses
import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from drafts import Drafts
from mappings.received import FORM


@dataclass(frozen=True)
class Example:
    """One example request, unsigned, and what is expected of it."""

    source: str
    case: str
    body: bytes
    headers: dict[str, str]
    expected: dict[str, Any]

    def with_fields(self, changes: Mapping[str, str]) -> "Example":
        """The same example with other values for these fields at the top of its body, JSON or form."""
        if not changes:
            return self
        if self.headers["Content-Type"].startswith(FORM):
            fields = dict(parse_qsl(self.body.decode(), keep_blank_values=True)) | dict(changes)
            return dataclasses.replace(self, body=urlencode(fields).encode())
        content = json.loads(self.body, parse_float=Decimal) | dict(changes)
        return dataclasses.replace(self, body=compact(content).encode())


def read_examples(folder: Path, *, source: str, media_type: str) -> list[Example]:
    """All examples of a folder by name; those without a content type get `media_type`."""
    return [_read(file, source, media_type) for file in sorted(folder.glob("*.request.json"))]


def read_request(file: Path, *, media_type: str) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a request in a file. Raises OSError, or ValueError saying what the file is not."""
    request = json.loads(file.read_bytes(), parse_float=Decimal)
    if not isinstance(request, dict) or not {"body", "raw"} & set(request):
        raise ValueError('it must be {"headers": {…}, "body": …}, or with "raw" and a text')
    body = request["raw"] if "raw" in request else compact(request["body"])
    return body.encode(), {"Content-Type": media_type, **request.get("headers", {})}


def _read(file: Path, source: str, media_type: str) -> Example:
    case = file.name.removesuffix(".request.json")
    body, headers = read_request(file, media_type=media_type)
    expected = json.loads(file.with_name(f"{case}.expected.json").read_bytes())
    return Example(source, case, body, headers, expected)


def compact(value: object) -> str:
    """The value as JSON without spaces, characters as they are, decimals digit for digit."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{compact(key)}:{compact(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(compact(each) for each in value) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def as_json(drafts: Drafts) -> dict[str, Any]:
    """The drafts as plain JSON values: amounts and dates as text, nothing left out but what is not there."""
    return {name: value for name, value in _plain(dataclasses.asdict(drafts)).items() if name != "once_per"}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if each is not None and each != ()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Decimal | datetime.date) else value

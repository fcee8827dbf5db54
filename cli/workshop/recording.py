"""Events of the ledger as requests of examples: without what signs them, and without what the way here has added."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from cli.workshop.redaction import Redaction
from cli.workshop.signing import secret_headers
from ledger.records import Event, second
from mappings import Example, Source
from mappings.examples import compact, form_body
from mappings.received import FORM

# What carriers and caches add; nothing of it is the sender's.
CARRIED = re.compile(
    r"accept(-.*)?|connection|content-length|expect|forwarded|host|keep-alive|origin|referer|te|trace.*|transfer-encoding"
    r"|user-agent|via|x-(amzn|b3|cloud|envoy|forwarded|real|request|trace)-?.*|cdn-.*|cf-.*|fly-.*|true-client-ip"
)
_ARRIVED = "arrived()"
_READ = re.compile(r"header\(\s*'([^']+)'")


class NotKept(Exception):
    """Raised when a request cannot be an example; says why."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """Keeps events of a source in a folder; with a `redaction`, without the people in them."""

    source: Source
    folder: Path
    redaction: Redaction | None = None
    kept: dict[str, Path] = field(default_factory=dict)

    def keep(self, event: Event) -> Path:
        """Where the event's request is kept now; the same place if it was already. Raises NotKept."""
        if event.event_id not in self.kept:
            request = self._request(event)
            file = self._new_file(event.topic)
            file.write_text(_dump(request) + "\n")
            self.kept[event.event_id] = file
        return self.kept[event.event_id]

    def _request(self, event: Event) -> dict[str, Any]:
        if not event.body:
            raise NotKept("its body is not kept any more")
        headers = self._headers(event)
        media_type = event.headers.get("content-type", "").split(";")[0].strip().lower()
        request = {"headers": headers, **self._body(event.body, media_type)}
        fetched = json.loads(event.fetched, parse_float=Decimal).get("fetched") if event.fetched else None
        arrived = {"arrived": second(event.received_at)} if _ARRIVED in self._mapping else {}
        return request | ({"fetched": self._redacted(fetched)} if fetched else {}) | arrived

    @property
    def _mapping(self) -> str:
        return (self.source.folder / "mapping.yaml").read_text()

    def _headers(self, event: Event) -> dict[str, str]:
        """Those the sender set and did not sign with; of a redacted request those alone that the mapping reads."""
        example = Example(self.source.name, "", event.body, event.headers, {})
        dropped = secret_headers(self.source, example)
        read = {name.lower() for name in _READ.findall(self._mapping)}
        wanted = {"content-type", *read} if self.redaction else set(event.headers)
        return {
            "-".join(word.capitalize() for word in name.split("-")): self._redacted({name: value})[name]
            for name, value in event.headers.items()
            if name in wanted and name not in dropped and not CARRIED.fullmatch(name)
        }

    def _body(self, body: bytes, media_type: str) -> dict[str, Any]:
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise NotKept("its body is not UTF-8, which no file of an example can hold") from None
        try:
            content = json.loads(text, parse_float=Decimal, object_pairs_hook=_once)
        except ValueError:
            return self._form(text) if media_type == FORM else {"raw": self._raw(text, media_type)}
        return {"body": self._redacted(self._without_token(content))}

    def _form(self, text: str) -> dict[str, Any]:
        """Its fields, the JSON in them to be read; or the text, if those would not be sent so."""
        fields = self._without_token(dict(parse_qsl(text, keep_blank_values=True)))
        form = {name: _opened(value) for name, value in self._redacted(fields).items()}
        is_whole = self.redaction or self.source.verify.scheme == "body_token" or form_body(form) == text
        return {"form": form} if is_whole else {"raw": text}

    def _raw(self, text: str, media_type: str) -> str:
        if self.redaction:
            raise NotKept(f"a body of {media_type or 'no type'} cannot be redacted")
        return text

    def _redacted(self, content: Any) -> Any:
        return self.redaction.redact(content) if self.redaction else content

    def _without_token(self, content: Any) -> Any:
        """The content without the secret, where the sender puts it into the body."""
        verify = self.source.verify
        return _without(content, verify.parameters["field"].split(".")) if verify.scheme == "body_token" else content

    def _new_file(self, topic: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        stem = re.sub(r"[^a-z0-9]+", "_", topic.lower()).strip("_") or "request"
        number = 1
        while (file := self.folder / f"{stem}_{number}.request.json").exists():
            number += 1
        return file


def _once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    """An object that names no key twice; one that does is kept as a text."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _without(content: Any, way: list[str]) -> Any:
    """The content without what is at the end of the way, on which texts may hold JSON."""
    if isinstance(content, str):
        with suppress(ValueError):
            return compact(_without(json.loads(content, parse_float=Decimal), way))
    if isinstance(content, dict) and way[0] in content:
        kept = {way[0]: _without(content[way[0]], way[1:])} if way[1:] else {}
        return {name: kept.get(name, each) for name, each in content.items() if name != way[0] or kept}
    return content


def _opened(text: str) -> Any:
    """The object or list that the text holds as JSON, if it would be written the same; else the text."""
    try:
        content = json.loads(text, parse_float=Decimal, object_pairs_hook=_once)
    except ValueError:
        return text
    return content if isinstance(content, dict | list) and compact(content) == text else text


def _dump(value: Any, indent: str = "") -> str:
    """The value as JSON over several lines, decimals digit for digit."""
    inner = indent + "  "
    if isinstance(value, dict) and value:
        rows = [f"{inner}{json.dumps(key, ensure_ascii=False)}: {_dump(each, inner)}" for key, each in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"{inner}{_dump(each, inner)}" for each in value) + f"\n{indent}]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)

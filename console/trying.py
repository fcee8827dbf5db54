"""What a person wants tried, read off the form: which mapping, as which connection has it, on which request."""

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from flask import request

from config.connection import Connection
from console.guard import services
from console.tryouts import Request, Version
from console.versions import live_version
from ledger.records import Event
from mappings import Source
from mappings.describing import read_cases
from mappings.examples import BODIES, NotWritten, compact, read_arrival, written_body

LONGEST_MAPPING = 250_000
LONGEST_BODY = 2_000_000
FIELDS = ("connection", "from", "example", "event", "headers", "body", "mapping", "patch", "patch_of")
KINDS = ("example", "event", "pasted")


class NotTried(Exception):
    """Raised when a form asks for nothing that can be tried; says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The form as it stands; `patch_of` is the connection whose patch is in it."""

    source: Source
    fields: dict[str, str]

    @property
    def connection(self) -> Connection | None:
        """The connection that was chosen, if it is one of the source's."""
        return self._called(self.fields["connection"])

    @property
    def patched(self) -> Connection | None:
        """The connection whose patch is in the form."""
        return self._called(self.fields["patch_of"])

    @property
    def is_patch_edited(self) -> bool:
        """Whether the patch in the form is another than its connection has."""
        return self.fields["patch"].strip() != live_version(self.source, self.patched).patch.strip()

    @property
    def version(self) -> Version:
        """The mapping and patch as they are typed. Raises NotTried where they are too long."""
        version = Version(self.fields["mapping"], self.fields["patch"])
        if len(version.mapping) + len(version.patch) > LONGEST_MAPPING:
            raise NotTried(f"A mapping has at most {LONGEST_MAPPING:,} characters.")
        return version

    def with_patch_of(self, connection: Connection | None) -> "Wanted":
        """The same with that connection's own patch in place of another's; what somebody has edited stays."""
        name = connection.name if connection else ""
        keeps = name == self.fields["patch_of"] or self.is_patch_edited
        patch = self.fields["patch"] if keeps else live_version(self.source, connection).patch
        return replace(self, fields={**self.fields, "patch": patch, "patch_of": name})

    def _called(self, name: str) -> Connection | None:
        found = services().connections.get(name)
        return found if found and found.source == self.source.name else None


def read_form(source: Source) -> Wanted:
    """What a form says; of what it does not say, what stands now."""
    fields = {name: request.values.get(name, "").replace("\r\n", "\n") for name in FIELDS}
    kind = fields["from"] if fields["from"] in KINDS else "event" if fields["event"] else "example"
    fields |= {"from": kind, "event": fields["event"].strip()}
    wanted = Wanted(source, fields)
    if request.method == "GET":
        event = services().ledger.events.get(fields["event"]) if fields["event"] and not wanted.connection else None
        connection = wanted.connection or (services().connections.get(event.connection) if event else None)
        live = live_version(source, connection)
        fields |= {"mapping": live.mapping, "patch": live.patch, "patch_of": connection.name if connection else ""}
    return wanted


def find_event(source: Source, event_id: str) -> Event:
    """The stored event. Raises NotTried."""
    event = services().ledger.events.get(event_id) if event_id else None
    if event is None:
        raise NotTried("There is no such event, or it was kept no longer." if event_id else "Say which event.")
    if event.source != source.name:
        raise NotTried(f"That event is one of {event.source}, not of {source.name}.")
    return event


def find_example(source: Source, case: str) -> Request:
    """The request of an example. Raises NotTried."""
    example = next((each for each in read_cases(source)[0] if each.case == case), None)
    if example is None:
        raise NotTried(f"There is no example {case}." if case else "Choose an example.")
    return Request(headers=example.headers, body=example.body, fetched=compact(example.fetched), at=example.arrived)


def request_of(event: Event) -> Request:
    """The request as it came, with what was fetched for it, if all of it was."""
    kept = json.loads(event.fetched, parse_float=Decimal) if event.fetched else {}
    return Request(
        headers=event.headers,
        body=event.body,
        fetched=compact(kept.get("fetched") or {}),
        at=event.received_at.timestamp(),
    )


def read_pasted(source: Source, headers: str, body: str) -> Request:
    """The request that was pasted: headers and body, or both as examples hold them. Raises NotTried."""
    if len(body) > LONGEST_BODY:
        raise NotTried(f"A request has at most {LONGEST_BODY:,} characters.")
    if not body.strip():
        raise NotTried("Paste a body.")
    given = {"Content-Type": source.accepts[0], **_read_headers(headers)}
    whole = None if headers.strip() else _as_in_examples(body)
    if whole is None:
        return Request(headers=given, body=body.encode())
    try:
        return _written_out(whole, given)
    except (UnicodeEncodeError, RecursionError):
        raise NotTried("It is nested too deeply, or holds half of a character (an unpaired surrogate).") from None


def _written_out(whole: dict[str, Any], given: dict[str, str]) -> Request:
    """The request that a file of an example would hold."""
    compact(whole).encode()  # its headers, too, have to be sent as UTF-8
    try:
        body, said = written_body(whole)
        at = read_arrival(whole)
    except NotWritten as error:
        raise NotTried(f"It is no request: {error}.") from None
    return Request(
        headers={**given, **said, **{str(name): str(value) for name, value in whole.get("headers", {}).items()}},
        body=body,
        fetched=compact(whole.get("fetched") or {}),
        at=at,
    )


def _read_headers(text: str) -> dict[str, str]:
    found = {}
    for number, line in enumerate(filter(str.strip, text.splitlines()), start=1):
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise NotTried(f"Header {number} is not written as Name: value.")
        found[name.strip()] = value.strip()
    return found


def _as_in_examples(body: str) -> dict[str, Any] | None:
    """The request that a file of an example would hold, if the text is one."""
    try:
        told = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not isinstance(told.get("headers", {}), dict):
        return None
    is_request = bool(BODIES.keys() & set(told)) and not set(told) - {"headers", *BODIES, "fetched", "arrived"}
    return told if is_request else None

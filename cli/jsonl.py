"""Lines of a file as requests of a source."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, BinaryIO

import click

from cli.examples import as_new_delivery
from mappings import Received, Source
from mappings.examples import BODIES, NotWritten, compact, written_body

PARTS_OF_A_REQUEST = frozenset({"headers", *BODIES})
# How much longer than its body a line may be: JSON may write a byte as six, and headers come with it.
LINE_TO_BODY = 8
# What JSON may hold and nothing else can: half a character, 1e9999999999999999999, a thousand lists in one another.
_UNWRITABLE = (ValueError, ArithmeticError, RecursionError)


class NotARequest(Exception):
    """Raised when a line holds nothing that the source could have sent."""


@dataclass(frozen=True)
class Requests:
    """How lines are read; `topic` is what a line is that holds a bare body."""

    source: Source
    topic: str | None
    most_bytes: int

    def check_topic(self) -> None:
        """Raises UsageError when the source has nothing of the topic."""
        _ = self._headers

    @property
    def longest_line(self) -> int:
        """How many bytes of a line are read at most."""
        return LINE_TO_BODY * self.most_bytes

    def lines(self, content: BinaryIO) -> Iterator[bytes]:
        """The lines from where the file stands; of one that is too long only the beginning, a byte too long."""
        while line := content.readline(self.longest_line + 1):
            rest = line
            while len(rest) > self.longest_line and not rest.endswith(b"\n"):
                rest = content.readline(self.longest_line + 1)
            yield line

    def read(self, line: bytes) -> Received:
        """The request of a line; raises NotARequest."""
        if len(line) > self.longest_line:
            raise NotARequest("the line is too long for any body within BOOKHOOK_MAX_BODY_BYTES")
        try:
            content = json.loads(line, parse_float=Decimal)
        except _UNWRITABLE:
            raise NotARequest("the line is not JSON") from None
        if not isinstance(content, dict):
            raise NotARequest("the line is not a JSON object")
        try:
            received = self._request(content) if _is_request(content) else self._bare(content)
        except _UNWRITABLE:
            raise NotARequest("it holds half a character, an extreme number, or too much nesting") from None
        if len(received.body) > self.most_bytes:
            raise NotARequest("the body is larger than BOOKHOOK_MAX_BODY_BYTES")
        events = self.source.events(received)
        if len(events) > 1:
            raise NotARequest(f"the line holds {len(events)} events: write each on a line of its own")
        return events[0]

    def _request(self, content: Mapping[str, Any]) -> Received:
        headers = content.get("headers", {})
        if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
            raise NotARequest("its headers are no object of texts")
        try:
            body, said = written_body(content)
        except NotWritten as error:
            raise NotARequest(str(error)) from None
        return Received(body, {"Content-Type": self.source.accepts[0], **said, **headers})

    def _bare(self, content: Mapping[str, Any]) -> Received:
        received = Received(compact(content).encode(), self._headers)
        if not self.source.identify(received).topic:
            raise NotARequest(f"the line does not say what it is: {self._how_to_say}")
        return received

    @cached_property
    def _how_to_say(self) -> str:
        """How a line says its topic: with the option where the source's headers tell it, else in its body."""
        for example in self.source.examples():
            body = _object(example.body)
            if body and self.source.identify(Received(example.body, example.headers)).topic:
                if self.source.identify(Received(b"{}", example.headers)).topic:
                    break
                members = ", ".join(f'"{name}": …' for name in body)
                return f"{self.source.name} reads that in the body, so a line looks like {{{members}}}"
        return "give its topic with --topic"

    @cached_property
    def _headers(self) -> dict[str, str]:
        """What the source sends beside a body of the topic, as one of its examples has it."""
        if self.topic is None:
            return {"Content-Type": self.source.accepts[0]}
        for example in self.source.examples():
            plain = as_new_delivery(self.source, example)
            if self.source.identify(Received(plain.body, plain.headers)).topic == self.topic:
                return plain.headers
        topics = ", ".join(self.source.topics)
        raise click.UsageError(f"{self.source.name} has no example of the topic {self.topic!r}; it maps {topics}.")


def _object(body: bytes) -> Mapping[str, Any] | None:
    """The body if it is a JSON object."""
    try:
        content = json.loads(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _is_request(content: Mapping[str, Any]) -> bool:
    return set(content) <= PARTS_OF_A_REQUEST and bool(BODIES.keys() & set(content))

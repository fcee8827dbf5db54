"""The parts of a `multipart/form-data` body (RFC 7578): exact bytes, and a complaint about anything else."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message
from email.parser import HeaderParser

MULTIPART = "multipart/form-data"

# What the standard library raises at heads it cannot make sense of; TypeError at `a*0=…; a*=…`.
_SENSELESS = (MessageError, TypeError, ValueError)
_MOST_PARTS = 50
_LONGEST_BOUNDARY = 70
_LONGEST_HEAD = 4096


class Malformed(Exception):
    """Raised when a body is not what its content type says; the text says why, without quoting it."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with an event: its name without folders, and its bytes."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Part:
    """One part by its name; `file_name` is None where the sender gave none."""

    name: str
    file_name: str | None
    content: bytes = field(repr=False)


def read_parts(body: bytes, content_type: str) -> dict[str, Part]:
    """The parts by name. Raises Malformed."""
    parts: dict[str, Part] = {}
    for piece in _split(body, _boundary(content_type)):
        part = _read_part(piece)
        if part.name in parts:
            raise Malformed("two of its parts have the same name")
        parts[part.name] = part
    return parts


def _boundary(content_type: str) -> bytes:
    head = Message()
    head["Content-Type"] = content_type
    try:
        boundary = head.get_boundary()
    except _SENSELESS:
        raise Malformed("its content type cannot be read") from None
    if not boundary or len(boundary) > _LONGEST_BOUNDARY or not boundary.isascii():
        raise Malformed("its content type names no boundary")
    return boundary.encode()


def _split(body: bytes, boundary: bytes) -> Iterator[bytes]:
    _, *pieces = (b"\r\n" + body).split(b"\r\n--" + boundary, _MOST_PARTS + 1)
    if len(pieces) > _MOST_PARTS:
        raise Malformed(f"it has more than {_MOST_PARTS} parts")
    if not pieces or not pieces[-1].startswith(b"--"):
        raise Malformed("its last part has no end")
    for piece in pieces[:-1]:
        padding, line_end, part = piece.partition(b"\r\n")
        if not line_end or padding.strip(b" \t"):
            raise Malformed("a line of it begins like a boundary and is none")
        yield part


def _read_part(piece: bytes) -> Part:
    head, blank_line, content = piece.partition(b"\r\n\r\n")
    if not blank_line or len(head) > _LONGEST_HEAD:
        raise Malformed("one of its parts has no head, or too long a head")
    try:
        fields = HeaderParser().parsestr(head.decode())
        name = fields.get_param("name", header="content-disposition")
        file_name = fields.get_filename()
    except _SENSELESS:
        raise Malformed("the head of one of its parts cannot be read") from None
    if fields.get_content_disposition() != "form-data" or not isinstance(name, str) or not name:
        raise Malformed("one of its parts has no name")
    return Part(name, file_name, content)

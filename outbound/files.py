"""What a receipt may be: the types Zoho Books takes, known by their beginning as well as by their name.

Types: zoho.com/books/api/v3/expenses (add receipt to an expense). It names no size; ours is the one it names elsewhere.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from errors import NeedsAttention

MOST_BYTES = 10 * 1024 * 1024
LONGEST_NAME = 100
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_OPEN_XML = "application/vnd.openxmlformats-officedocument"

TYPES: Mapping[str, tuple[str, tuple[bytes, ...]]] = {
    "gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "bmp": ("image/bmp", (b"BM",)),
    "pdf": ("application/pdf", (b"%PDF-",)),
    "xls": ("application/vnd.ms-excel", (_OLE,)),
    "xlsx": (f"{_OPEN_XML}.spreadsheetml.sheet", (_ZIP,)),
    "doc": ("application/msword", (_OLE,)),
    "docx": (f"{_OPEN_XML}.wordprocessingml.document", (_ZIP,)),
}
"""By extension: the media type, and what such a file begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to put to an expense; `name` is plain, without folders."""

    name: str
    content: bytes = field(repr=False)
    media_type: str


class ReceiptRefused(NeedsAttention):
    """Raised when a file may not become a receipt; the expense itself is not touched by that."""

    code = "receipt_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The receipt was not taken: {reason}.",
            remedy="Put the receipt to the expense in Zoho Books by hand; or mend what is named here, then retry: "
            "the expense itself is not posted again.",
            field="receipt",
        )


def recognise(name: str, content: bytes) -> File:
    """The file, if its type, by name and by content alike, and its size are taken; raises ReceiptRefused."""
    plain = _plain_name(name)
    extension = plain.rpartition(".")[2].lower()
    if "." not in plain or extension not in TYPES:
        raise ReceiptRefused(f"its name does not end in one of {', '.join(TYPES)}")
    if not content:
        raise ReceiptRefused("it is empty")
    if len(content) > MOST_BYTES:
        raise ReceiptRefused(f"it is larger than {MOST_BYTES // 1024 // 1024} MB")
    media_type, beginnings = TYPES[extension]
    if not content.startswith(beginnings):
        raise ReceiptRefused(f"its name says {extension}, but what is in it is no such file")
    return File(name=plain, content=content, media_type=media_type)


def _plain_name(name: str) -> str:
    """The last part of a path or address, of harmless characters, its ending kept."""
    last = re.split(r"[/\\]", unquote(name))[-1]
    stem, dot, extension = re.sub(r"[^\w.() -]", "_", last).rpartition(".")
    return f"{stem.strip(' .')[: LONGEST_NAME - len(extension) - 1] or 'receipt'}{dot}{extension}"

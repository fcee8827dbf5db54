"""Expenses with receipts of any kind, for tests."""

import dataclasses
import json
import struct
import zlib

from mappings import Example
from tests.scene import example


def picture(width: int = 240, height: int = 320) -> bytes:
    """A PNG that looks like a slip of paper with lines on it."""
    rows = b"".join(b"\0" + _row(width, y) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, chunks))


def _row(width: int, y: int) -> bytes:
    shade = 0x60 if y % 24 in (10, 11) else 0xF4
    return bytes(shade if 24 < x < width - 24 - y * 7 % 60 else 0xF4 for x in range(width))


def _chunk(chunk: tuple[bytes, bytes]) -> bytes:
    kind, content = chunk
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def expense_with(name: str, content: bytes, **changes: object) -> Example:
    """An expense of the standard sender that comes with this file."""
    sent = example("standard/expense_with_receipt")
    event = json.loads(example("standard/expense").body)
    event["data"] |= {"id": f"exp-{name}", "receipt_url": None, **changes}
    boundary = b"--" + sent.headers["Content-Type"].partition("boundary=")[2].encode()
    parts = [
        b'name="event"\r\nContent-Type: application/json\r\n\r\n' + json.dumps(event).encode(),
        b'name="receipt"; filename="' + name.encode() + b'"\r\n\r\n' + content,
    ]
    body = b"".join(boundary + b"\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts)
    headers = {**sent.headers, "webhook-id": f"msg_{name.encode().hex()}"}
    return dataclasses.replace(sent, body=body + boundary + b"--\r\n", headers=headers)


def expense_at(url: str) -> Example:
    """An expense of the standard sender whose receipt is at an address."""
    sent = example("standard/expense")
    event = json.loads(sent.body)
    event["data"]["receipt_url"] = url
    return dataclasses.replace(sent, body=json.dumps(event).encode())

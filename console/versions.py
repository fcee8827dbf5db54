"""The texts of mappings: as the files of this deployment have them now, and around a line that is wrong."""

from collections.abc import Iterator
from typing import Any

from flask import abort

from config.connection import Connection
from console.tryouts import Version
from mappings import BUILT_IN, Source

LINES_AROUND = 2


def live_version(source: Source, connection: Connection | None) -> Version:
    """The mapping file of a source as it stands, and the patch of the connection, if it has one."""
    patch = connection.patch if connection else None
    try:
        mapping = (source.folder / "mapping.yaml").read_text("utf-8")
        return Version(mapping, patch.read_text("utf-8") if patch else "")
    except (OSError, UnicodeDecodeError):
        abort(503, "The mapping's file cannot be read just now.")


def comes_along(source: Source) -> bool:
    """Whether it is one of Bookhook's own, which a folder of that name in BOOKHOOK_SOURCES replaces."""
    return source.folder.is_relative_to(BUILT_IN)


def excerpt(text: str, line: int | None) -> list[dict[str, Any]]:
    """The line and those around it, with their numbers; nothing where there is no such line."""
    return list(_around(text.splitlines(), line)) if line else []


def _around(lines: list[str], wanted: int) -> Iterator[dict[str, Any]]:
    for number in range(max(1, wanted - LINES_AROUND), min(len(lines), wanted + LINES_AROUND) + 1):
        yield {"number": number, "text": lines[number - 1][:300], "is_it": number == wanted}

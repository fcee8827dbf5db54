"""What is given to the process that tries mappings, as JSON on its standard input."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from config.options import ConnectionOptions
from console.tryouts import Request, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Which versions of a source's mapping to try on which requests, and what the connection decides.

    One version: what would come of each request. Two, live and edited: what would be different. `settings` are the
    values of the mapping's options; None: as in the source's examples.
    """

    source: str
    versions: tuple[Version, ...]
    requests: tuple[Request, ...]
    connection: str
    options: ConnectionOptions
    settings: Mapping[str, str] | None
    time_zone: str
    unique_field: str | None


def write(script: Script) -> bytes:
    """The script as JSON."""
    return msgspec.json.encode(script)


def read(text: bytes) -> Script:
    """The script that `write` wrote."""
    return msgspec.json.decode(text, type=Script)

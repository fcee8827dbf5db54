"""How an event becomes drafts. Pure: bytes and headers in, drafts out; no clock, no network, no environment."""

from mappings.examples import Example, as_json
from mappings.expenses import Options
from mappings.grammar import Verify
from mappings.loading import BUILT_IN, MappingFileErrors, load_sources
from mappings.received import Received
from mappings.source import Answer, Handshake, Identity, Reply, Source

__all__ = [
    "BUILT_IN",
    "Answer",
    "Example",
    "Handshake",
    "Identity",
    "MappingFileErrors",
    "Options",
    "Received",
    "Reply",
    "Source",
    "Verify",
    "as_json",
    "load_sources",
]

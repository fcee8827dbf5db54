"""How an event becomes drafts. Pure: bytes and headers in, drafts out; no clock, no network, no environment."""

from mappings.examples import Example, as_json
from mappings.expenses import Options
from mappings.fetching import Call, Page, Steps
from mappings.grammar import HandshakePlan
from mappings.identifying import Identity
from mappings.loading import BUILT_IN, MappingFileErrors, load_source, load_sources, patch_source
from mappings.multipart import Malformed
from mappings.posts import Post
from mappings.received import Received, read_answer
from mappings.replying import Reply
from mappings.scopes import Asked
from mappings.signing import SignedText, Verify
from mappings.source import Handshake, Source
from mappings.telling import Answer, Then

__all__ = [
    "BUILT_IN",
    "Answer",
    "Asked",
    "Call",
    "Example",
    "Handshake",
    "HandshakePlan",
    "Identity",
    "Malformed",
    "MappingFileErrors",
    "Options",
    "Page",
    "Post",
    "Received",
    "Reply",
    "SignedText",
    "Source",
    "Steps",
    "Then",
    "Verify",
    "as_json",
    "load_source",
    "load_sources",
    "patch_source",
    "read_answer",
]

"""What an expression reaches besides the value it is applied to, and the functions that reach it."""

from binascii import b2a_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hmac import digest
from typing import NamedTuple
from urllib.parse import parse_qsl

from mappings import conversions, times
from mappings.conversions import Unfit
from mappings.multipart import File
from mappings.wording import ENGLISH, say

_MOST_FIELDS = 100


class Asked(NamedTuple):
    """What a handshake may answer with besides the request: the query, the sender's address of us, and the secret."""

    query: str = ""
    address: str = ""
    secret: str = ""

    def parameter(self, name: str) -> str | None:
        """The first value of a parameter in the query."""
        pairs = parse_qsl(self.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        return dict(reversed(pairs)).get(name)


NOT_ASKED = Asked()


@dataclass(frozen=True)
class Scope:
    """What an expression reaches besides the value it is applied to."""

    root: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    time_zone: str = "UTC"
    named: Mapping[str, object] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, File] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    fetched: Mapping[str, object] = field(default_factory=dict)
    asked: Asked = NOT_ASKED
    language: str = ENGLISH
    arrived: float | None = None
    categories: tuple[str, ...] = ()


def _option(scope: Scope, name: str) -> str:
    if name not in scope.options:
        raise Unfit(f"the connection gives the option {name} no value")
    return scope.options[name]


def _address(scope: Scope) -> str:
    if "://" not in scope.asked.address:
        raise Unfit("BOOKHOOK_PUBLIC_URL is not set")
    return scope.asked.address


def _hmac(scope: Scope, text: object, encoding: object) -> str | None:
    if text is None:
        return None
    signed = digest(scope.asked.secret.encode(), conversions.as_text(text).encode(), "sha256")
    if encoding not in ("hex", "base64"):
        raise Unfit("hmac() writes hex or base64")
    return signed.hex() if encoding == "hex" else b2a_base64(signed, newline=False).decode()


@dataclass(frozen=True)
class Known:
    """What an expression may name where it stands: values above it, what was fetched, options, and facts or none.

    What is `later` is there, too, but only after this place is read. `asked` holds of handshakes, `proven` of those
    whose sender has proved itself.
    """

    lets: frozenset[str] = frozenset()
    fetched: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset()
    facts: bool = False
    asked: bool = False
    proven: bool = False


NOTHING_KNOWN = Known()

SCOPED: Mapping[str, tuple[Callable[..., object], int, int]] = {
    "header": (lambda scope, name: scope.headers.get(name.lower()), 1, 1),
    "let": (lambda scope, name: scope.named[name], 1, 1),
    "fact": (lambda scope, name: scope.facts.get(name), 1, 1),
    "file": (lambda scope, name: scope.files.get(name), 1, 1),
    "option": (_option, 1, 1),
    "categories": (lambda scope: list(scope.categories), 0, 0),
    "word": (lambda scope, word: say(word, scope.language), 1, 1),
    "fetched": (lambda scope, name: scope.fetched[name], 1, 1),
    "query": (lambda scope, name: scope.asked.parameter(name), 1, 1),
    "arrived": (lambda scope: times.written(scope.arrived), 0, 0),
    "address": (_address, 0, 0),
    "secret": (lambda scope: scope.asked.secret, 0, 0),
    "hmac": (_hmac, 2, 2),
    "date": (lambda scope, value: times.date(value, scope.time_zone), 1, 1),
}
"""The functions that see their scope, each with its fewest and most arguments."""

WHERE: Mapping[str, tuple[str, str]] = {
    "fact": ("facts", "in an answer"),
    "query": ("asked", "in a handshake"),
    "address": ("asked", "in a handshake"),
    "secret": ("proven", "in the answer to a signed handshake"),
    "hmac": ("proven", "in the answer to a signed handshake"),
}
"""What must be known where these functions stand, in words."""

"""What every scheme is: a way for a sender to prove who it is, as pure functions of a request.

Header names are lower case. Comparison takes constant time and tries every secret.
"""

import binascii
import hmac
import secrets as random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from errors import SignatureMismatch
from mappings.signing import WINDOW_SECONDS

UNITS = {"seconds": 1, "milliseconds": 1000}
_MOST_DIGITS = 15
_NONE: frozenset[str] = frozenset()


class Request(NamedTuple):
    """A request as its sender made it.

    `url` is the address that the sender was given, with its query. `token` is what follows the connection in the path.
    """

    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"
    url: str = ""
    token: str = ""
    query: str = ""

    def with_headers(self, **headers: str) -> "Request":
        """The same request with these headers besides; their names as they are written."""
        return self._replace(headers={**self.headers, **headers})

    def target(self, connection: str) -> str:
        """The path and query it is sent to."""
        path = f"/hooks/{connection}/{self.token}" if self.token else f"/hooks/{connection}"
        return f"{path}?{self.query}" if self.query else path


def address(public_url: str, connection: str) -> str:
    """Where a sender was told to post to."""
    return f"{public_url.rstrip('/')}/hooks/{connection}"


class CannotSign(ValueError):
    """Raised when a secret verifies but cannot sign, or a body is none that can be signed; says why."""


Verifier = Callable[[Request, float], None]
"""Returns quietly, given a request and the time in unix seconds, or raises SignatureMismatch."""


class Scheme(ABC):
    """One way of proving who sent a request, with its parameters.

    `private_headers` carry the secret itself and must not be kept. One that `has_path_token` has it
    at the end of its path. `weakness` says what people should know about it.
    """

    private_headers: frozenset[str] = _NONE
    weakness: str = ""
    has_path_token: bool = False

    @property
    def needs_public_url(self) -> bool:
        """Whether the address is signed."""
        return False

    @abstractmethod
    def sign(self, request: Request, secret: str, *, message_id: str, timestamp: int) -> Request:
        """The request as its sender would send it at `timestamp` (unix seconds). Raises CannotSign."""

    @abstractmethod
    def verifier(self, secrets: Sequence[str]) -> Verifier:
        """What verifies requests that any of the secrets may have signed."""

    def fault(self, secret: str) -> str | None:
        """What is wrong with a secret, in words that follow `each secret`, if anything is."""
        return None

    def new_secret(self) -> str:
        """A secret that nobody knows."""
        return random.token_hex(16)

    def sample_secret(self, number: int) -> str:
        """A secret to try the scheme with, another for each number; it may be known to everybody."""
        return self.new_secret()


def header_of(headers: Mapping[str, str], name: str) -> str:
    """The header's value; raises SignatureMismatch if there is none."""
    value = headers.get(name.lower(), "").strip(" \t")  # what HTTP allows around a value (RFC 9110, 5.5)
    if not value:
        raise SignatureMismatch(f"The header {name} is missing.", code="missing_signature")
    return value


def match(given: Iterable[bytes], wanted: Sequence[bytes]) -> None:
    """Raises SignatureMismatch unless one of those given is one of those wanted."""
    is_found = False
    for one in given:
        for other in wanted:  # to the end, so that the time taken says nothing about which came close
            is_found |= hmac.compare_digest(one, other)
    if not is_found:
        raise SignatureMismatch("The signature does not match the request and any of the configured secrets.")


def check_time(timestamp: str, now: float, *, window_seconds: int = WINDOW_SECONDS, unit: str = "seconds") -> None:
    """Raises SignatureMismatch unless the signed time is within the window around now."""
    scale = UNITS[unit]
    digits = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _MOST_DIGITS
    if not digits or abs(now * scale - int(timestamp)) > window_seconds * scale:
        raise SignatureMismatch(
            f"The signed time is more than {window_seconds} seconds from now.", code="stale_signature"
        )


def header_bytes(text: str) -> bytes:
    """The bytes that stood in the header."""
    # WSGI hands headers over as Latin-1; other characters are compared, and fail, without an error.
    return text.encode("latin-1", "backslashreplace")


ENCODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "base64": partial(binascii.b2a_base64, newline=False),
    "hex": binascii.hexlify,
}

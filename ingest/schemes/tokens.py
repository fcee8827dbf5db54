"""The secret itself, somewhere in the request.

basic           user:password in Authorization (RFC 7617)
bearer          a token in Authorization (RFC 6750)
header_token    a token in any header
body_token      a token in a field of the body: zoho.com/crm/developer/docs/api/notifications
path_token      a token at the end of the path, or in the query
"""

import base64
import re
import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from errors import SignatureMismatch
from ingest.schemes.fields import read_field, with_field
from ingest.schemes.scheme import Request, Scheme, Verifier, header_bytes, header_of, match

_IN_A_HEADER = "its secret is part of each request: whoever sees one can make others"
_PATH_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,200}")
_MOST_FIELDS = 100


@dataclass(frozen=True, kw_only=True)
class Authorization(Scheme):
    """Credentials in the header Authorization; `word` says of which kind."""

    word: str
    weakness = _IN_A_HEADER
    private_headers = frozenset({"authorization"})

    def fault(self, secret: str) -> str | None:
        if self.word == "Basic":
            return None if ":" in secret[1:] else "must be user:password"
        return _header_fault(secret)

    def new_secret(self) -> str:
        return f"bookhook:{random.token_hex(16)}" if self.word == "Basic" else random.token_hex(16)

    def sign(self, request: Request, secret: str, *, message_id: str, timestamp: int) -> Request:
        return request.with_headers(Authorization=f"{self.word} {self._credentials(secret).decode()}")

    def verifier(self, secrets: Sequence[str]) -> Verifier:
        wanted = [self._credentials(secret) for secret in secrets]

        def verify(request: Request, now: float) -> None:
            word, _, credentials = header_of(request.headers, "Authorization").partition(" ")
            if word.lower() != self.word.lower():
                raise SignatureMismatch(f"The header Authorization holds nothing for {self.word}.")
            match([header_bytes(credentials.strip())], wanted)

        return verify

    def _credentials(self, secret: str) -> bytes:
        return base64.b64encode(secret.encode()) if self.word == "Basic" else secret.encode()


@dataclass(frozen=True, kw_only=True)
class HeaderToken(Scheme):
    """A token in a header."""

    header: str
    prefix: str = ""
    weakness = _IN_A_HEADER

    @property
    def private_headers(self) -> frozenset[str]:  # type: ignore[override]
        """The header with the token."""
        return frozenset({self.header.lower()})

    def fault(self, secret: str) -> str | None:
        return _header_fault(secret)

    def sign(self, request: Request, secret: str, *, message_id: str, timestamp: int) -> Request:
        return request.with_headers(**{self.header: self.prefix + secret})

    def verifier(self, secrets: Sequence[str]) -> Verifier:
        wanted = [(self.prefix + secret).encode() for secret in secrets]

        def verify(request: Request, now: float) -> None:
            match([header_bytes(header_of(request.headers, self.header))], wanted)

        return verify


@dataclass(frozen=True, kw_only=True)
class BodyToken(Scheme):
    """A token in a field of the body, of which it says nothing else."""

    field: str
    weakness = "its secret is part of the body, so it is kept with it"

    def sign(self, request: Request, secret: str, *, message_id: str, timestamp: int) -> Request:
        return with_field(request, self.field, secret)

    def verifier(self, secrets: Sequence[str]) -> Verifier:
        wanted = [secret.encode() for secret in secrets]

        def verify(request: Request, now: float) -> None:
            match([str(read_field(request, self.field)).encode("utf-8", "backslashreplace")], wanted)

        return verify


@dataclass(frozen=True, kw_only=True)
class PathToken(Scheme):
    """A token at the end of the path or, where `query` names it, in the query."""

    query: str = ""
    weakness = "its secret is part of its address, which the sender and what lies between may show and log"

    @property
    def has_path_token(self) -> bool:  # type: ignore[override]
        """Whether the token is not in the query."""
        return not self.query

    def fault(self, secret: str) -> str | None:
        return None if _PATH_TOKEN.fullmatch(secret) else "must be 16 to 200 letters, digits, - or _"

    def sign(self, request: Request, secret: str, *, message_id: str, timestamp: int) -> Request:
        if self.query:
            return request._replace(query=urlencode({self.query: secret}))
        return request._replace(token=secret)

    def verifier(self, secrets: Sequence[str]) -> Verifier:
        wanted = [secret.encode() for secret in secrets]

        def verify(request: Request, now: float) -> None:
            if not (given := self._given(request)):
                where = f"query holds no {self.query}" if self.query else "path does not end in a token"
                raise SignatureMismatch(f"The address is not complete: its {where}.", code="missing_signature")
            match([header_bytes(given)], wanted)

        return verify

    def _given(self, request: Request) -> str:
        if not self.query:
            return request.token
        try:
            return dict(parse_qsl(request.query, max_num_fields=_MOST_FIELDS)).get(self.query, "")
        except ValueError:
            return ""


def basic() -> Authorization:
    """User and password."""
    return Authorization(word="Basic")


def bearer() -> Authorization:
    """A token."""
    return Authorization(word="Bearer")


def _header_fault(secret: str) -> str | None:
    is_right = secret.isascii() and secret.isprintable() and " " not in secret
    return None if is_right else "must be letters, digits and signs of ASCII, without spaces"

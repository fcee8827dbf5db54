"""JSON Web Signatures by RS256, and by nothing else, whatever a token says of itself.

jws_detached   in a header, without its payload, which is the body (RFC 7515, appendix F; RFC 7797):
               docs.saleor.io/developer/extending/webhooks/payload-signature
jwt_body       a token (RFC 7519) for a body:
               dev.wix.com/docs/build-apps/build-your-app/authentication/verify-wix-requests
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from errors import SignatureMismatch
from ingest.schemes import rsa_keys
from ingest.schemes.rsa import KeyPairScheme
from ingest.schemes.rsa_keys import PublicKey
from ingest.schemes.scheme import CannotSign, Request, Verifier, header_of
from mappings.examples import compact
from mappings.json_bodies import read_json
from mappings.multipart import Malformed
from mappings.signing import WINDOW_SECONDS
from mappings.web_tokens import from_base64url, split_token, to_base64url

_LONGEST_HEAD = 4096
_DETACHED = to_base64url(b'{"alg":"RS256","b64":false,"crit":["b64"]}')
_WHOLE = to_base64url(b'{"alg":"RS256","typ":"JWT"}')


@dataclass(frozen=True, kw_only=True)
class JwsDetached(KeyPairScheme):
    """A signature in a header, over a head of its own and the body."""

    header: str

    def sign(self, request: Request, secret: str, *, message_id: str, timestamp: int) -> Request:
        signature = rsa_keys.sign(secret, _DETACHED.encode() + b"." + request.body, "sha256")
        return request.with_headers(**{self.header: f"{_DETACHED}..{to_base64url(signature)}"})

    def verifier(self, secrets: Sequence[str]) -> Verifier:
        keys = rsa_keys.read_keys(secrets)

        def verify(request: Request, now: float) -> None:
            head, payload, signature = _split(header_of(request.headers, self.header))
            told = _read_head(head, understood={"b64"})
            # RFC 7797, section 6: `b64` counts only where `crit` names it
            is_plain = told.get("b64") is False and "crit" in told
            body = request.body if is_plain else to_base64url(request.body).encode()
            if payload:
                raise SignatureMismatch("The signature brings along a payload of its own.")
            _check(keys, told, signature, head.encode() + b"." + body)

        return verify


@dataclass(frozen=True, kw_only=True)
class JwtBody(KeyPairScheme):
    """A token for a body, which has not expired and does not come from the future; unsigned it is what it claims."""

    window_seconds: int = WINDOW_SECONDS

    def sign(self, request: Request, secret: str, *, message_id: str, timestamp: int) -> Request:
        try:
            claims = _read_object(request.body)
        except SignatureMismatch:
            raise CannotSign("its body is not a JSON object, which is what a token claims") from None
        timed = {**claims, "iat": timestamp, "exp": timestamp + self.window_seconds}
        signed = f"{_WHOLE}.{to_base64url(compact(timed).encode())}"
        signature = to_base64url(rsa_keys.sign(secret, signed.encode(), "sha256"))
        return request._replace(body=f"{signed}.{signature}".encode())

    def verifier(self, secrets: Sequence[str]) -> Verifier:
        keys = rsa_keys.read_keys(secrets)

        def verify(request: Request, now: float) -> None:
            head, claims, signature = _split(request.body.decode("latin-1"))
            _check(keys, _read_head(head, understood=set()), signature, f"{head}.{claims}".encode("latin-1"))
            self._check_times(_read_object(from_base64url(claims)), now)

        return verify

    def _check_times(self, claims: Mapping[str, Any], now: float) -> None:
        """RFC 7519, section 4.1; a token without an end is as old as its window at most."""
        issued, begins, ends = (_time(claims, name) for name in ("iat", "nbf", "exp"))
        if ends is None and issued is not None:
            ends = issued + self.window_seconds
        is_early = any(time is not None and time > now + self.window_seconds for time in (issued, begins))
        if ends is None or ends <= now or is_early:
            raise SignatureMismatch("The token is not valid at this time.", code="stale_signature")


def _split(token: str) -> tuple[str, str, str]:
    try:
        return split_token(token)
    except Malformed:
        raise SignatureMismatch(
            "What should be a signed token has not three parts.", code="missing_signature"
        ) from None


def _read_head(head: str, *, understood: set[str]) -> Mapping[str, Any]:
    """The head of a token by RS256; raises SignatureMismatch for any other, and for what we do not understand."""
    if len(head) > _LONGEST_HEAD:
        raise SignatureMismatch("The head of the token is too long.")
    told = _read_object(_decode(head))
    if told.get("alg") != "RS256":
        raise SignatureMismatch("The token is not signed by RS256.")
    if "crit" in told and not _is_understood(told["crit"], understood):
        raise SignatureMismatch("The token asks for an extension that is not understood here (crit).")
    return told


def _is_understood(critical: object, understood: set[str]) -> bool:
    """RFC 7515, section 4.1.11: the list is never empty."""
    names = critical if isinstance(critical, list) else []
    return bool(names) and all(isinstance(name, str) and name in understood for name in names)


def _check(keys: Sequence[PublicKey], head: Mapping[str, Any], signature: str, message: bytes) -> None:
    """Raises SignatureMismatch unless one of the keys has signed; the head may name the key that has (`kid`)."""
    given, name = _decode(signature), head.get("kid")
    named = [key for key in keys if name is None or key.key_id in (None, name)]
    if not any(key.has_signed(given, message, "sha256") for key in named):
        raise SignatureMismatch("The signature does not match the body and any of the configured keys.")


def _decode(text: str) -> bytes:
    try:
        return from_base64url(text)
    except ValueError:
        raise SignatureMismatch("A part of the token is not base64url.") from None


def _read_object(content: bytes) -> Mapping[str, Any]:
    try:
        value = read_json(content)
    except Malformed:
        value = None
    if not isinstance(value, dict):
        raise SignatureMismatch("A part of the token is not a JSON object.")
    return value


def _time(claims: Mapping[str, Any], name: str) -> Decimal | None:
    """The time in unix seconds, if the token has it; raises SignatureMismatch for what is no time."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise SignatureMismatch(f"The token's {name} is not a time.", code="stale_signature")
    return Decimal(value)

"""Signatures that only the platform can make, checked with its public key.

rsa   over the body, or over its base64, in either of two headers:
      github.com/AdobeDocs/commerce-extensibility, src/pages/webhooks/signature-verification.md;
      github.com/AdobeDocs/adobe-io-events, src/pages/guides/index.md
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from errors import SignatureMismatch
from ingest.schemes import rsa_keys
from ingest.schemes.scheme import ENCODINGS, Request, Scheme, Verifier, header_of
from mappings.signing import SignedText

BODY = SignedText(("", "body", ""))
_DECODE: Mapping[str, Callable[[str], bytes]] = {
    "base64": lambda text: base64.b64decode(text, validate=True),
    "hex": bytes.fromhex,
}


class KeyPairScheme(Scheme):
    """A scheme whose secrets are public keys."""

    def fault(self, secret: str) -> str | None:
        return rsa_keys.key_fault(secret)

    def new_secret(self) -> str:
        return rsa_keys.new_pair()

    def sample_secret(self, number: int) -> str:
        return rsa_keys.sample_pair(number)


@dataclass(frozen=True, kw_only=True)
class Rsa(KeyPairScheme):
    """An RSA signature in a header; parameters as docs/mapping-reference.md has them."""

    header: str
    second_header: str = ""
    digest: str
    encoding: str
    template: SignedText = BODY

    def sign(self, request: Request, secret: str, *, message_id: str, timestamp: int) -> Request:
        signature = rsa_keys.sign(secret, self._message(request), self.digest)
        return request.with_headers(**{self.header: ENCODINGS[self.encoding](signature).decode()})

    def verifier(self, secrets: Sequence[str]) -> Verifier:
        keys = rsa_keys.read_keys(secrets)

        def verify(request: Request, now: float) -> None:
            given, message = self._given(request), self._message(request)
            if not any(key.has_signed(each, message, self.digest) for key in keys for each in given):
                raise SignatureMismatch("The signature does not match the body and any of the configured keys.")

        return verify

    def _given(self, request: Request) -> list[bytes]:
        names = [name for name in (self.header, self.second_header) if request.headers.get(name.lower())]
        return [self._decode(header_of(request.headers, name)) for name in names or [self.header]]

    def _decode(self, text: str) -> bytes:
        try:
            return _DECODE[self.encoding](text)
        except ValueError:
            return b""

    def _message(self, request: Request) -> bytes:
        parts = {"body": request.body, "base64_body": ENCODINGS["base64"](request.body)}
        pieces = self.template.pieces
        return b"".join(parts[piece] if index % 2 else piece.encode() for index, piece in enumerate(pieces))

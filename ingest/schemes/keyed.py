"""A digest, keyed with the secret, of a text made of parts of the request.

hmac                the body; a time in a field of the body may be signed with it
                    shopify.dev/docs/apps/build/webhooks/verify-deliveries; class-wc-webhook.php generate_signature
timestamped_hmac    a time and the body, perhaps an id: docs.stripe.com/webhooks/signature,
                    developer.paddle.com/webhooks/signature-verification, developer.close.com/topics/webhooks
slack               docs.slack.dev/authentication/verifying-requests-from-slack
standard_webhooks   github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
url_hmac            the address and the body: developer.squareup.com/docs/webhooks/step3validate,
                    developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests (version 3)
secret_digest       a plain digest behind the secret: the same page (versions 1 and 2)
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from errors import SignatureMismatch
from ingest.schemes.fields import read_body, read_signed_time, with_field
from ingest.schemes.keys import key_fault, new_key, read_key
from ingest.schemes.scheme import (
    ENCODINGS,
    UNITS,
    CannotSign,
    Request,
    Scheme,
    Verifier,
    check_time,
    header_bytes,
    header_of,
    match,
)
from mappings.conversions import Unfit
from mappings.expressions import Interpreter
from mappings.scopes import Scope
from mappings.signing import WINDOW_SECONDS, SignedText
from mappings.templates import Template

Mac = Callable[[bytes, bytes, str], bytes]
Message = Callable[[Request, str, str], bytes]
Signer = Callable[[Request, str, str], list[bytes]]
"""Both take the request, the signed time and the signed id."""
BODY = SignedText(("", "body", ""))
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


@dataclass(frozen=True, kw_only=True)
class Keyed(Scheme):
    """A keyed digest in a header; parameters as docs/mapping-reference.md has them."""

    header: str
    digest: str
    encoding: str
    template: SignedText = BODY
    prefix: str = ""
    separator: str = ""
    key: str = "text"
    timestamp_header: str = ""
    timestamp_prefix: str = ""
    timestamp_field: str = ""
    timestamp_query: str = ""
    id_header: str = ""
    unit: str = "seconds"
    window_seconds: int = WINDOW_SECONDS
    decode: str = ""
    mac: Mac = hmac.digest
    weakness: str = ""

    @property
    def needs_public_url(self) -> bool:
        return "url" in self.template.names

    def fault(self, secret: str) -> str | None:
        return key_fault(self.key, secret)

    def new_secret(self) -> str:
        return new_key(self.key)

    def sign(self, request: Request, secret: str, *, message_id: str, timestamp: int) -> Request:
        time = str(timestamp * UNITS[self.unit])
        if self.timestamp_field:
            request = with_field(request, self.timestamp_field, int(time))
        signature = self._signer([secret])(request, time, message_id)[0].decode()
        items = [f"{self.timestamp_prefix}{time}", signature] if self.timestamp_prefix else [signature]
        added = {self.id_header: message_id, self.timestamp_header: time, self.header: self.separator.join(items)}
        return request.with_headers(**{name: value for name, value in added.items() if name})

    def verifier(self, secrets: Sequence[str]) -> Verifier:
        signer, find_time, header = self._signer(secrets), self._time, self.header
        separator, id_header = self.separator, self.id_header

        def verify(request: Request, now: float) -> None:
            text = header_of(request.headers, header)
            items = text.split(separator) if separator else [text]
            time = find_time(request, items)
            message_id = header_of(request.headers, id_header) if id_header else ""
            given = [header_bytes(item) for item in items] if separator else [header_bytes(text)]
            match(given, signer(request, time, message_id))
            if self.timestamp_field:
                time = read_signed_time(request, self.timestamp_field)
            if self.timestamp_query:
                time = dict(parse_qsl(request.query)).get(self.timestamp_query, "none")
            if time:
                check_time(time, now, window_seconds=self.window_seconds, unit=self.unit)

        return verify

    def _signer(self, secrets: Sequence[str]) -> Signer:
        """What signs with each of the secrets."""
        keys = [read_key(self.key, secret) for secret in secrets]
        message, mac, digest = self.message(), self.mac, self.digest
        prefix, encode = self.prefix.encode(), ENCODINGS[self.encoding]

        def sign(request: Request, time: str, message_id: str) -> list[bytes]:
            signed = message(request, time, message_id)
            return [prefix + encode(mac(key, signed, digest)) for key in keys]

        return sign

    def _time(self, request: Request, items: Sequence[str]) -> str:
        if self.timestamp_header:
            return header_of(request.headers, self.timestamp_header)
        if not self.timestamp_prefix:
            return ""
        for item in items:
            if item.startswith(self.timestamp_prefix):
                return item.removeprefix(self.timestamp_prefix)
        raise SignatureMismatch(
            f"The header {self.header} holds no time after {self.timestamp_prefix}.", code="missing_signature"
        )

    def message(self) -> Message:
        """What puts together the text that is signed."""
        if self.template == BODY:
            return _body
        parts: Mapping[str, Message] = {
            "body": _body,
            "ts": lambda request, time, message_id: header_bytes(time),
            "id": lambda request, time, message_id: header_bytes(message_id),
            "method": lambda request, time, message_id: request.method.encode(),
            "query": lambda request, time, message_id: header_bytes(request.query),
            "url": lambda request, time, message_id: header_bytes(self._decoded(request.url)),
        }
        text, names = self.template.pieces[::2], self.template.names
        pattern = b"%b".join(piece.encode().replace(b"%", b"%%") for piece in text)
        read = [parts[name] for name in names]
        return lambda request, time, message_id: pattern % tuple([each(request, time, message_id) for each in read])

    def _decoded(self, url: str) -> str:
        """The address, with those escapes decoded that stand for one of the `decode` characters."""
        if not self.decode:
            return url
        return _ESCAPE.sub(lambda found: char if (char := unquote(found[0])) in self.decode else found[0], url)


def _body(request: Request, time: str, message_id: str) -> bytes:
    return request.body


@dataclass(frozen=True, kw_only=True)
class FieldsKeyed(Keyed):
    """A keyed digest of some fields of the body, and of nothing else in it."""

    fields: Template

    def sign(self, request: Request, secret: str, *, message_id: str, timestamp: int) -> Request:
        try:
            return super().sign(request, secret, message_id=message_id, timestamp=timestamp)
        except SignatureMismatch as error:
            raise CannotSign(error.message) from None

    def message(self) -> Message:
        def fill(request: Request, time: str, message_id: str) -> bytes:
            root = read_body(request)
            try:
                return self.fields.fill_completely(Interpreter(Scope(root)), root).encode()
            except (Unfit, UnicodeEncodeError):
                raise SignatureMismatch("The body lacks a field that is signed.", code="missing_signature") from None

        return fill


def fields_hmac(*, template: Template, **parameters: Any) -> FieldsKeyed:
    """A scheme that signs fields alone; whoever saw one request can make others with the same fields."""
    weakness = "its signature covers single fields of the body, not what else it says"
    return FieldsKeyed(fields=template, weakness=weakness, **parameters)


def secret_digest(**parameters: Any) -> Keyed:
    """A digest behind the secret, without a time."""
    weakness = "its signature holds no time, so an old request can be sent again"
    return Keyed(mac=_digest_behind, weakness=weakness, **parameters)


def _digest_behind(key: bytes, message: bytes, digest: str) -> bytes:
    return hashlib.new(digest, key + message).digest()


def slack() -> Keyed:
    """Slack's scheme."""
    return Keyed(
        header="X-Slack-Signature",
        timestamp_header="X-Slack-Request-Timestamp",
        template=SignedText(("v0:", "ts", ":", "body", "")),
        prefix="v0=",
        digest="sha256",
        encoding="hex",
    )


def standard_webhooks(*, key: str = "standard") -> Keyed:
    """Standard Webhooks; some senders take the text of the secret as it is for the key."""
    return Keyed(
        header="webhook-signature",
        timestamp_header="webhook-timestamp",
        id_header="webhook-id",
        template=SignedText(("", "id", ".", "ts", ".", "body", "")),
        prefix="v1,",
        separator=" ",
        digest="sha256",
        encoding="base64",
        key=key,
    )

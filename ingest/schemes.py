"""How senders sign, as pure functions: `sign` beside `verify`, one pair per scheme.

hmac                HMAC of the raw body; parameters: header, digest (sha256 | sha1), encoding (base64 | hex), prefix
                    shopify.dev/docs/apps/build/webhooks/verify-deliveries; class-wc-webhook.php generate_signature
slack               HMAC-SHA256, hex, of `v0:{timestamp}:{body}`, ± 5 minutes
                    docs.slack.dev/authentication/verifying-requests-from-slack
standard_webhooks   HMAC-SHA256, base64, of `{id}.{timestamp}.{body}`, key `whsec_` + base64 of 24 to 64 bytes,
                    several signatures, ± 5 minutes
                    github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

Headers are mappings with lower-case names. Comparison takes constant time and tries every secret.
"""

import base64
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from errors import SignatureMismatch

WINDOW_SECONDS = 300
STANDARD_KEY_BYTES = range(24, 65)
ENCODINGS: Mapping[str, Callable[[bytes], str]] = {
    "base64": lambda digest: base64.b64encode(digest).decode(),
    "hex": bytes.hex,
}
Parameters = Mapping[str, str]
Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way of signing.

    `sign(parameters, body, secret, message_id, timestamp)` gives the headers a sender would add;
    `verify(parameters, body, headers, keys, now)` returns None or raises SignatureMismatch;
    `fault(secret)` says what is wrong with a secret, or None; `new_secret()` makes one; `required` are the parameters
    a mapping must give.
    """

    sign: Callable[[Parameters, bytes, str, str, int], dict[str, str]]
    verify: Callable[[Parameters, bytes, Headers, Iterable[str], float], None]
    fault: Callable[[str], str | None] = lambda secret: None
    new_secret: Callable[[], str] = lambda: secrets.token_hex(16)
    required: tuple[str, ...] = ()


def _sign_hmac(parameters: Parameters, body: bytes, secret: str, message_id: str, timestamp: int) -> dict[str, str]:
    return {parameters["header"]: _body_signature(parameters, body, secret)}


def _verify_hmac(parameters: Parameters, body: bytes, headers: Headers, keys: Iterable[str], now: float) -> None:
    given = _header(headers, parameters["header"])
    _match([given], [_body_signature(parameters, body, secret) for secret in keys])


def _body_signature(parameters: Parameters, body: bytes, secret: str) -> str:
    digest = hmac.digest(secret.encode(), body, parameters.get("digest", "sha256"))
    return parameters.get("prefix", "") + ENCODINGS[parameters.get("encoding", "base64")](digest)


def _sign_slack(parameters: Parameters, body: bytes, secret: str, message_id: str, timestamp: int) -> dict[str, str]:
    signature = _slack_signature(body, secret, str(timestamp))
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": signature}


def _verify_slack(parameters: Parameters, body: bytes, headers: Headers, keys: Iterable[str], now: float) -> None:
    given = _header(headers, "X-Slack-Signature")
    timestamp = _header(headers, "X-Slack-Request-Timestamp")
    _match([given], [_slack_signature(body, secret, timestamp) for secret in keys])
    _fresh(timestamp, now)


def _slack_signature(body: bytes, secret: str, timestamp: str) -> str:
    return "v0=" + _sha256(secret.encode(), b"v0:" + _bytes(timestamp) + b":" + body).hex()


def _sign_standard(parameters: Parameters, body: bytes, secret: str, message_id: str, timestamp: int) -> dict[str, str]:
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": _standard_signature(body, secret, message_id, str(timestamp)),
    }


def _verify_standard(parameters: Parameters, body: bytes, headers: Headers, keys: Iterable[str], now: float) -> None:
    message_id, timestamp = _header(headers, "webhook-id"), _header(headers, "webhook-timestamp")
    given = _header(headers, "webhook-signature").split()
    _match(given, [_standard_signature(body, secret, message_id, timestamp) for secret in keys])
    _fresh(timestamp, now)


def _standard_signature(body: bytes, secret: str, message_id: str, timestamp: str) -> str:
    signed = b".".join((_bytes(message_id), _bytes(timestamp), body))
    return "v1," + ENCODINGS["base64"](_sha256(_standard_key(secret), signed))


def _standard_key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix("whsec_"), validate=True)


def _new_standard_secret() -> str:
    return "whsec_" + ENCODINGS["base64"](secrets.token_bytes(24))


def _standard_fault(secret: str) -> str | None:
    try:
        is_right = secret.startswith("whsec_") and len(_standard_key(secret)) in STANDARD_KEY_BYTES
    except ValueError:
        is_right = False
    return None if is_right else "must be whsec_ and base64 of 24 to 64 bytes"


SCHEMES: Mapping[str, Scheme] = {
    "hmac": Scheme(_sign_hmac, _verify_hmac, required=("header", "digest", "encoding")),
    "slack": Scheme(_sign_slack, _verify_slack),
    "standard_webhooks": Scheme(
        _sign_standard, _verify_standard, fault=_standard_fault, new_secret=_new_standard_secret
    ),
}


def _header(headers: Headers, name: str) -> str:
    value = headers.get(name.lower(), "").strip()
    if not value:
        raise SignatureMismatch(f"The header {name} is missing.", code="missing_signature")
    return value


def _match(given: Iterable[str], expected: Iterable[str]) -> None:
    wanted = [_bytes(signature) for signature in expected]
    # Every pair is compared, so that the time taken says nothing about which came close.
    if not any([hmac.compare_digest(_bytes(one), other) for one in given for other in wanted]):  # noqa: C419
        raise SignatureMismatch("The signature does not match the body and any of the configured secrets.")


def _fresh(timestamp: str, now: float) -> None:
    digits = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12
    if not digits or abs(now - int(timestamp)) > WINDOW_SECONDS:
        raise SignatureMismatch(
            f"The signed time is more than {WINDOW_SECONDS} seconds from now.", code="stale_signature"
        )


def _sha256(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _bytes(text: str) -> bytes:
    # WSGI hands headers over as Latin-1; other characters are compared, and fail, without an error.
    return text.encode("latin-1", "backslashreplace")

"""JSON Web Tokens (RFC 7519) as bodies: what they claim. Whether that is genuine is checked elsewhere, before."""

import base64

from mappings.multipart import Malformed


def from_base64url(text: str) -> bytes:
    """The bytes of base64 as tokens have it (RFC 7515, section 2). Raises ValueError."""
    if not text.isascii() or set("+/=") & set(text):
        raise ValueError("not base64url")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def to_base64url(content: bytes) -> str:
    """The bytes as tokens have them."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def split_token(token: str) -> tuple[str, str, str]:
    """Head, claims and signature as they are written. Raises Malformed."""
    parts = token.strip().split(".", 3)
    if len(parts) != 3:
        raise Malformed("it is not a web token: three parts with points between them")
    return parts[0], parts[1], parts[2]


def claims_of(token: bytes) -> bytes:
    """What the token claims, which should be JSON. Raises Malformed."""
    try:
        return from_base64url(split_token(token.decode("latin-1"))[1])
    except ValueError:
        raise Malformed("it is not a web token: its second part is not base64url") from None

"""How the text of a secret becomes the bytes of a key.

text        its UTF-8 bytes
hex         the bytes it spells
base64      the bytes it encodes
standard    `whsec_` and base64 of 24 to 64 bytes
            github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import secrets

STANDARD_KEY_BYTES = range(24, 65)
_FAULTS = {
    "hex": "must be hex: digits and the letters a to f, two for each byte",
    "base64": "must be base64",
    "standard": "must be whsec_ and base64 of 24 to 64 bytes",
}


def read_key(form: str, secret: str) -> bytes:
    """The key; raises ValueError."""
    if form == "text":
        return secret.encode()
    if form == "hex":
        return bytes.fromhex(secret)
    return base64.b64decode(secret.removeprefix("whsec_") if form == "standard" else secret, validate=True)


def key_fault(form: str, secret: str) -> str | None:
    """What is wrong with the secret, if anything is."""
    try:
        key = read_key(form, secret)
    except ValueError:
        return _FAULTS[form]
    if form == "standard" and not (secret.startswith("whsec_") and len(key) in STANDARD_KEY_BYTES):
        return _FAULTS[form]
    return None if key else _FAULTS[form]


def new_key(form: str) -> str:
    """A secret of this form that nobody knows."""
    if form in ("text", "hex"):
        return secrets.token_hex(16)
    return ("whsec_" if form == "standard" else "") + base64.b64encode(secrets.token_bytes(24)).decode()

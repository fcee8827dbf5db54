"""Public keys of RSA as settings hold them, and what is signed with their private halves.

A secret is a public key (PEM), a key set (JWKS, RFC 7517), or a key pair (PEM), which signs as well: for trying out.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicKey,
    RSAPublicNumbers,
    generate_private_key,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from ingest.schemes.scheme import CannotSign
from mappings.web_tokens import from_base64url

LEAST_BITS = 2048
EXPONENT = 65537
# The eight largest primes of 1024 bits are 2**1024 less these.
_BELOW = (105, 179, 1397, 3177, 5025, 5409, 6083, 6369)
HASHES: dict[str, type[HashAlgorithm]] = {"sha256": SHA256, "sha1": SHA1, "sha512": SHA512}
# Reading a pair takes longer than making it, as it is proved to be one; of these it is known.
_MADE_HERE: dict[str, RSAPrivateKey] = {}
_FAULT = f"must be a public key (PEM) or a key set (JWKS) of RSA keys with at least {LEAST_BITS} bits"


@dataclass(frozen=True)
class PublicKey:
    """A public key, and its id if its set gives it one."""

    key: RSAPublicKey
    key_id: str | None = None

    def has_signed(self, signature: bytes, message: bytes, digest: str) -> bool:
        """Whether the signature (PKCS #1, version 1.5) is the private half's."""
        try:
            self.key.verify(signature, message, PKCS1v15(), HASHES[digest]())
        except InvalidSignature:
            return False
        return True


def read_keys(secrets: Iterable[str]) -> list[PublicKey]:
    """The keys of all secrets; raises ValueError."""
    return [key for secret in secrets for key in _read(_with_lines(secret))]


def key_fault(secret: str) -> str | None:
    """What is wrong with the secret, if anything is."""
    try:
        read_keys([secret])
    except ValueError:
        return _FAULT
    return None


def sign(secret: str, message: bytes, digest: str) -> bytes:
    """The signature that the key pair makes; raises CannotSign where there is only its public half."""
    pair = _read_pair(_with_lines(secret))
    if pair is None:
        raise CannotSign("the secret holds only a public key, so nobody but its sender can sign")
    return pair.sign(message, PKCS1v15(), HASHES[digest]())


def new_pair() -> str:
    """A key pair that nobody knows."""
    return _told(generate_private_key(public_exponent=EXPONENT, key_size=LEAST_BITS))


def sample_pair(number: int) -> str:
    """A key pair that everybody knows, another for each number up to 3, at once: finding primes takes long."""
    p, q = (2**1024 - below for below in _BELOW[2 * number : 2 * number + 2])
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    public = RSAPublicNumbers(EXPONENT, p * q)
    numbers = RSAPrivateNumbers(p, q, d, rsa_crt_dmp1(d, p), rsa_crt_dmq1(d, q), rsa_crt_iqmp(p, q), public)
    return _told(numbers.private_key(unsafe_skip_rsa_key_validation=True))


def _told(pair: RSAPrivateKey) -> str:
    text = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    _MADE_HERE[text] = pair
    return text


def _with_lines(secret: str) -> str:
    """The text with its line breaks, which a line of .env may write as two characters."""
    return secret.replace("\\n", "\n") if secret.startswith("-----BEGIN") else secret


def _read(text: str) -> Sequence[PublicKey]:
    keys = _read_set(text) if text.startswith("{") else [PublicKey(_read_pem(text))]
    if not keys or any(each.key.key_size < LEAST_BITS for each in keys):
        raise ValueError("no key, or too short a key")
    return keys


def _read_pem(text: str) -> RSAPublicKey:
    if pair := _read_pair(text):
        return pair.public_key()
    try:
        key = load_pem_public_key(text.encode())
    except UnsupportedAlgorithm:
        raise ValueError("an unknown kind of key") from None
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA key")
    return key


@lru_cache(maxsize=8)  # reading one takes as long as thirty signatures
def _read_pair(text: str) -> RSAPrivateKey | None:
    if "PRIVATE KEY-----" not in text:
        return None
    if text in _MADE_HERE:
        return _MADE_HERE[text]
    try:
        pair = load_pem_private_key(text.encode(), None)
    except (TypeError, UnsupportedAlgorithm):  # TypeError: it has a password
        raise ValueError("not a key pair that can be read") from None
    if not isinstance(pair, RSAPrivateKey):
        raise ValueError("not an RSA key")
    return pair


def _read_set(text: str) -> list[PublicKey]:
    """The keys of a set that sign by RS256; others are left aside (RFC 7517, section 5)."""
    content = json.loads(text)
    entries = content.get("keys")
    if not isinstance(entries, list):
        raise ValueError("no keys")
    return [_read_entry(entry) for entry in entries if _signs(entry)]


def _signs(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and entry.get("kty") == "RSA"
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", "RS256") == "RS256"
    )


def _read_entry(entry: dict[str, object]) -> PublicKey:
    modulus, exponent = (int.from_bytes(from_base64url(str(entry.get(name, "")))) for name in "ne")
    key_id = entry.get("kid")
    return PublicKey(RSAPublicNumbers(exponent, modulus).public_key(), key_id if isinstance(key_id, str) else None)

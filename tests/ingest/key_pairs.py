"""Key pairs for tests, and what platforms and standards published with theirs."""

import base64
import json
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_curve_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)


@cache
def pair(name: str, *, bits: int = 2048) -> RSAPrivateKey:
    """A key pair; another for each name."""
    return generate_private_key(public_exponent=65537, key_size=bits)


def private_pem(key: RSAPrivateKey, password: bytes | None = None) -> str:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode().strip()


def public_pem(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().strip()


@cache
def public_half(secret: str) -> str:
    """The public half of a key pair in PEM."""
    key = load_pem_private_key(secret.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    return public_pem(key)


def jwk(key: RSAPrivateKey, **more: str) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "n": _base64url(numbers.n), "e": _base64url(numbers.e), **more}


def key_set(*keys: dict[str, str]) -> str:
    return json.dumps({"keys": keys})


def curve_pem() -> str:
    key = generate_curve_key(SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _base64url(number: int) -> str:
    content = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


# rfc-editor.org/rfc/rfc7515, appendix A.2
_RFC_MODULUS = (
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR"
    "T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB"
    "dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia"
    "GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
)
RFC_KEY_SET = key_set({"kty": "RSA", "n": _RFC_MODULUS, "e": "AQAB"})
RFC_PAYLOAD = b'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'
RFC_EXPIRES = 1_300_819_380
_RFC_SIGNATURE = (
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t"
    "1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12j"
    "zDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ"
    "Ge77Rw"
)
RFC_TOKEN = f"eyJhbGciOiJSUzI1NiJ9.{base64.urlsafe_b64encode(RFC_PAYLOAD).decode().rstrip('=')}.{_RFC_SIGNATURE}"
RFC_DETACHED = f"eyJhbGciOiJSUzI1NiJ9..{_RFC_SIGNATURE}"

# github.com/adobe/aio-lib-java, EventVerifierTest: either signature suffices
ADOBE_BODY = b'{"event_id":"eventId1","event":{"hello":"world"},"recipient_client_id":"client_id1"}'
_ADOBE_KEYS = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzxbiCd7hyiKbksssNEup\nSBhnNRHaPFHUVbi44k82GlFrLBF2MbviEWPxxJxRfqRkysHw\n"
    "MaE+3w74sR9oEunFUz3J2vGcXHT4UWfEuKxO/C8dSt7Hex5EoK2R4eld/P7j/p55\njp8ODvTW/Yd9ej8qDk9dia8ZbkOOuVht2NJlZW4+4p8OCp4M\n"
    "LnSjprvPLAIHU5pD8sIcS+LFYYA3kAz2pAo/La7W4PFd6f3fuOQrhlBKsL99W6AL\nyXUOsHHBk0YrcgoxVeDYWO0N3NZLYIZdaWMxNONoH9kH2mhg\n"
    "uidf8MCWwIuYyqO+J+IzsshXVWGyMyn3q7fVZCra9ISEZqWEiwIDAQAB",
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuyszY9i34MeIfmmaFSUz\nR0Y4ORhTkwiUafGbRntE0u0wTAKhe9Mewnmrxclh5OrX9jEj\n"
    "WY6lBkxxLYHAa+w2B4jDExTwiz/o1GKHYf0CGlVw0JqGQVfLlvEGFg5lQsVfOBdS\ndnxXBSH0FOw7ZQUb60MD7YKSbk40PRHKzHEcxlHLiHreoqPA\n"
    "IDn3JZ9A7b6QjKOB4LTR6jb3rUtfxnzljku8atEfdo341WcHSHW2hf/Gx2mazhGg\n1of6wZVforXo3R1HVqIVMlOk6GMcz4HHiLOuEOURFucux3jm\n"
    "4gF2DF1B627vCqaGDoduvyIjitXQS6KqSx3dzB2dGOBDPpsr8wIDAQAB",
)
ADOBE_KEYS = [f"-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----" for key in _ADOBE_KEYS]
ADOBE_HEADERS = {
    "x-adobe-digital-signature-1": (
        "IaHo9/8DYt2630pAtjIJeGtsHjB61zOSiAb3S4X1VdPooxikfk79H/t3rgaSbmQMOnjVPRpYVNsHn1fE+l80gjEqmljgNEHt+Btf"
        "EH8EsEigwbjQS9opTx/GFnexw3h/sWOt4MGWt3TFK484Dsijijcs1gLwcxTyVUeU2G2XXECpH4dvvEXWQP+1HDFu9nrN+MU/aOR1"
        "7cNF5em/D/jKjgTcaPx7jK+W5M57F3qqsmdcPxM1ltQxx1/iAXWaOffOC/nXSda5fLFZL75RKBIoveDjL9zthVkBVY9qKXYyK6S/"
        "usc2bW3PpXuRTd5Xv2bFB2Mlzr0Gi6St/iiNYLEl3g=="
    ),
    "x-adobe-digital-signature-2": (
        "Xx8uVpZlKIOqAdVBr/6aNrASk6u7i/Bb9kWZttIFOu0Y2JGozZGG7WF9Z6056RdeeBUXLJsV4r8a3ZeEUrOZi3hvhV+Hw7vmK1NI"
        "QJVIqdigF9mJ/2gSMGe7K4OPedh+fPNZmbOyNIc6FRmUtTdemNLJeCzM7Zf+niC7Tfsytsz4lW4ebv34TWHxzAA9pZRcJE4a1YYq"
        "EYAqn3cHTvCzB/AQ6VdIcP8MsuTGatCk9Vc6dTPOVEcyYkVXTMGgsmzW8RB6mq0m1aqTz3KvnhEYlkspqtxi+jBkTjcYVf1dPa4o"
        "fbosmD5rohIef/UwPX5n5ZHM7du86Gf+6S72ee8tbw=="
    ),
}

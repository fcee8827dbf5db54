"""Signatures by key pairs: published ones, PyJWT as referee, and everything that is no such signature."""

import base64
import hmac
import json
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import SignatureMismatch
from ingest.schemes import CannotSign, Request, Scheme, rsa_keys
from ingest.schemes.rsa_keys import LEAST_BITS
from tests.ingest.key_pairs import (
    ADOBE_BODY,
    ADOBE_HEADERS,
    ADOBE_KEYS,
    RFC_DETACHED,
    RFC_EXPIRES,
    RFC_KEY_SET,
    RFC_PAYLOAD,
    RFC_TOKEN,
    curve_pem,
    jwk,
    key_set,
    pair,
    private_pem,
    public_pem,
)
from tests.ingest.senders import scheme_of

NOW = 1_700_000_000
OURS, OTHER = pair("ours"), pair("other")
PUBLIC, PRIVATE = public_pem(OURS), private_pem(OURS)
PLATFORMS = ("adobe commerce", "adobe events", "saleor", "wix")
every = pytest.mark.parametrize("platform", PLATFORMS)
BODY = b'{"id":1,"total":"10.00"}'
HEADER = "saleor-signature"


def signed(platform: str, body: bytes = BODY, *, secret: str = PRIVATE, at: int = NOW) -> Request:
    made = scheme_of(platform).sign(Request(body, {}), secret, message_id="", timestamp=at)
    return made._replace(headers={name.lower(): value for name, value in made.headers.items()})


SIGNED = {platform: signed(platform) for platform in PLATFORMS}


def refusal(scheme: Scheme, request: Request, *, secrets=(PUBLIC,), now: float = NOW) -> SignatureMismatch:
    with pytest.raises(SignatureMismatch) as refused:
        scheme.verifier(secrets)(request, now)
    assert refused.value.status == 401
    return refused.value


def accepts(scheme: Scheme, request: Request, *, secrets=(PUBLIC,), now: float = NOW) -> bool:
    try:
        scheme.verifier(secrets)(request, now)
    except SignatureMismatch:
        return False
    return True


def as_token(head: object, payload: bytes, sign: Callable[[bytes], bytes]) -> str:
    """A token whose head and payload are what they are."""
    parts = [json.dumps(head).encode(), payload]
    message = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    return (message + b"." + base64.urlsafe_b64encode(sign(message)).rstrip(b"=")).decode()


def by_our_key(message: bytes) -> bytes:
    return OURS.sign(message, PKCS1v15(), SHA256())


@pytest.mark.parametrize("key", [0, 1])
def test_adobe_proves_itself_by_either_of_two_signatures(key):
    scheme, request = scheme_of("adobe events"), Request(ADOBE_BODY, ADOBE_HEADERS)

    assert accepts(scheme, request, secrets=[ADOBE_KEYS[key]])
    for name in ADOBE_HEADERS:
        alone = request._replace(headers={name: ADOBE_HEADERS[name]})
        assert accepts(scheme, alone, secrets=ADOBE_KEYS)
        assert accepts(scheme, alone, secrets=[ADOBE_KEYS[key]]) is name.endswith(str(key + 1))
        assert not accepts(scheme, alone._replace(body=ADOBE_BODY + b" "), secrets=ADOBE_KEYS)


def test_the_token_of_the_standard_is_accepted_until_it_expires():
    request = Request(RFC_TOKEN.encode(), {})

    assert accepts(scheme_of("wix"), request, secrets=[RFC_KEY_SET], now=RFC_EXPIRES - 1)
    late = refusal(scheme_of("wix"), request, secrets=[RFC_KEY_SET], now=RFC_EXPIRES)
    assert late.code == "stale_signature"


def test_the_detached_signature_of_the_standard_is_accepted():
    request = Request(RFC_PAYLOAD, {HEADER: RFC_DETACHED})

    assert accepts(scheme_of("saleor"), request, secrets=[RFC_KEY_SET])
    assert not accepts(scheme_of("saleor"), request._replace(body=RFC_PAYLOAD + b" "), secrets=[RFC_KEY_SET])


@every
def test_what_the_pair_signs_its_public_half_proves(platform):
    request = signed(platform)

    assert accepts(scheme_of(platform), request)
    assert accepts(scheme_of(platform), request, secrets=[public_pem(OTHER), PUBLIC])
    assert accepts(scheme_of(platform), request, secrets=[PRIVATE])
    assert accepts(scheme_of(platform), request, secrets=[PUBLIC.replace("\n", "\\n")])
    assert refusal(scheme_of(platform), request, secrets=[public_pem(OTHER)]).code == "bad_signature"
    assert refusal(scheme_of(platform), Request(b'{"id":2}', {})).code in ("missing_signature", "bad_signature")
    assert refusal(scheme_of(platform), Request(b"", {})).code == "missing_signature"


@every
def test_with_the_public_half_alone_nobody_can_sign(platform):
    with pytest.raises(CannotSign, match="public"):
        signed(platform, secret=PUBLIC)


def test_commerce_signs_the_base64_of_the_body():
    signature = base64.b64encode(by_our_key(base64.b64encode(BODY))).decode()

    assert signed("adobe commerce").headers == {"x-adobe-commerce-webhook-signature": signature}


@settings(max_examples=20, deadline=None)
@given(body=st.binary())
def test_pyjwt_accepts_what_we_sign_beside_a_body_and_we_what_it_signs(body):
    saleor = scheme_of("saleor")
    token = signed("saleor", body).headers[HEADER]
    made = jwt.api_jws.encode(body, OURS, "RS256", is_payload_detached=True)

    assert jwt.api_jws.decode(token, OURS.public_key(), ["RS256"], detached_payload=body) == body
    assert accepts(saleor, Request(body, {HEADER: made}))
    assert not accepts(saleor, Request(body + b" ", {HEADER: made}))


@settings(max_examples=20, deadline=None)
@given(claims=st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))))
def test_pyjwt_accepts_tokens_that_we_sign_and_we_those_that_it_signs(claims):
    claims = {
        name: value for name, value in claims.items() if name not in ("iat", "exp", "nbf", "aud", "iss", "sub", "jti")
    }
    theirs = jwt.encode({**claims, "iat": NOW, "exp": NOW + 60}, OURS, "RS256")
    ours = signed("wix", json.dumps(claims).encode()).body
    options = {"verify_exp": False, "verify_iat": False}

    assert accepts(scheme_of("wix"), Request(theirs.encode(), {}))
    told = jwt.decode(ours.decode(), OURS.public_key(), ["RS256"], options=options)
    assert told == {**claims, "iat": NOW, "exp": NOW + 300}


HEADS = [
    {"alg": "RS256"},
    {"alg": "RS256", "typ": "JWT", "kid": "ours"},
    {"alg": "none"},
    {"alg": "None"},
    {"alg": "HS256"},
    {"alg": "RS384"},
    {"alg": "PS256"},
    {"alg": "rs256"},
    {"alg": None},
    {"alg": ["RS256"]},
    {},
    {"alg": "RS256", "crit": ["exp"], "exp": 0},
    {"alg": "RS256", "crit": []},
    {"alg": "RS256", "crit": "b64", "b64": False},
    {"alg": "RS256", "crit": [["b64"]]},
    {"alg": "RS256", "crit": ["b64", "x"], "b64": False, "x": 1},
    {"alg": "RS256", "crit": ["b64"], "b64": False},
    pytest.param({"alg": "RS256", "jwk": jwk(OTHER), "jku": "https://evil.example/jwks.json"}, id="with its own key"),
    [],
    "RS256",
    None,
]


@pytest.mark.parametrize("head", HEADS, ids=json.dumps)
def test_what_pyjwt_refuses_of_a_tokens_head_we_refuse(head):
    token = as_token(head, json.dumps({"exp": 4_000_000_000}).encode(), by_our_key)
    try:
        jwt.decode(token, OURS.public_key(), ["RS256"])
    except jwt.PyJWTError:
        assert not accepts(scheme_of("wix"), Request(token.encode(), {}))
    else:
        assert accepts(scheme_of("wix"), Request(token.encode(), {}))


def test_a_token_signed_with_the_public_key_for_a_password_is_refused():
    for key in (PUBLIC, PUBLIC + "\n"):
        token = as_token(
            {"alg": "HS256"}, b'{"exp":4000000000}', lambda m, key=key: hmac.digest(key.encode(), m, "sha256")
        )
        assert refusal(scheme_of("wix"), Request(token.encode(), {})).message == "The token is not signed by RS256."


@pytest.mark.parametrize("signature", [b"", b"\x00", b"\x00" * 256, b"\xff" * 256, b"\xff" * 10_000])
def test_a_signature_of_any_length_that_is_none_is_refused(signature):
    token = as_token({"alg": "RS256"}, b'{"exp":4000000000}', lambda message: signature)

    assert refusal(scheme_of("wix"), Request(token.encode(), {})).code == "bad_signature"


@pytest.mark.parametrize(
    ("claims", "now", "is_fresh"),
    [
        ({"exp": NOW + 1}, NOW, True),
        ({"exp": NOW}, NOW, False),
        ({"exp": NOW + 0.5}, NOW, True),
        ({"iat": NOW - 40_000, "exp": NOW + 1}, NOW, True),
        ({"iat": NOW + 300, "exp": NOW + 400}, NOW, True),
        ({"iat": NOW + 301, "exp": NOW + 400}, NOW, False),
        ({"nbf": NOW + 301, "exp": NOW + 400}, NOW, False),
        ({"iat": NOW}, NOW + 299, True),
        ({"iat": NOW}, NOW + 300, False),
        ({}, NOW, False),
        ({"exp": str(NOW + 1)}, NOW, False),
        ({"exp": True}, NOW, False),
        ({"exp": [NOW + 1]}, NOW, False),
        ({"exp": 10**400}, NOW, True),
        ({"exp": NOW + 1, "iat": "soon"}, NOW, False),
        ({"exp": NOW + 1, "iat": 10**400}, NOW, False),
    ],
)
def test_a_token_counts_in_its_time_only(claims, now, is_fresh):
    token = as_token({"alg": "RS256"}, json.dumps(claims).encode(), by_our_key)
    request = Request(token.encode(), {})

    if is_fresh:
        assert accepts(scheme_of("wix"), request, now=now)
    else:
        assert refusal(scheme_of("wix"), request, now=now).code == "stale_signature"


@pytest.mark.parametrize(
    "payload", [b"[]", b"null", b"", b"{", b'{"exp":NaN}', b'{"exp":1,"exp":2}', b"\xff", b"[" * 9000]
)
def test_a_signed_payload_that_makes_no_claims_is_refused(payload):
    token = as_token({"alg": "RS256"}, payload, by_our_key)

    assert refusal(scheme_of("wix"), Request(token.encode(), {})).code == "bad_signature"


def test_a_detached_signature_brings_no_payload_of_its_own():
    head, _, signature = signed("saleor").headers[HEADER].split(".")
    payload = base64.urlsafe_b64encode(BODY).decode().rstrip("=")

    assert "payload" in refusal(scheme_of("saleor"), Request(BODY, {HEADER: f"{head}.{payload}.{signature}"})).message


def test_the_head_may_name_the_key_and_then_no_other_counts():
    keys = key_set(jwk(OTHER, kid="old", use="sig", alg="RS256"), jwk(OURS, kid="new"))
    misnamed = key_set(jwk(OURS, kid="old"))

    def named(kid: object) -> Request:
        token = as_token({"alg": "RS256", "kid": kid}, b'{"exp":4000000000}', by_our_key)
        return Request(token.encode(), {})

    assert accepts(scheme_of("wix"), named("new"), secrets=[keys])
    assert not accepts(scheme_of("wix"), named("old"), secrets=[keys])
    assert not accepts(scheme_of("wix"), named(["new"]), secrets=[keys])
    assert not accepts(scheme_of("wix"), named("new"), secrets=[misnamed])
    assert accepts(scheme_of("wix"), named("new"), secrets=[PUBLIC])


@pytest.mark.parametrize(
    "secret",
    [
        "hush",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        public_pem(pair("short", bits=1024)),
        private_pem(OURS, b"password"),
        curve_pem(),
        "{",
        "{}",
        '{"keys":{}}',
        key_set(),
        key_set({"kty": "EC"}),
        key_set({"kty": "RSA"}),
        key_set({"kty": "RSA", "n": "!", "e": "AQAB"}),
        key_set({"kty": "RSA", "n": "AAAA", "e": "AQAB"}),
        key_set({"kty": "oct", "k": "aHVzaA"}),
        key_set(jwk(OURS, use="enc")),
        key_set(jwk(OURS, alg="HS256")),
        key_set(jwk(pair("short", bits=1024))),
        '{"keys":["x",null,5]}',
    ],
)
def test_what_is_no_public_key_is_told_before_it_is_used(secret):
    fault = f"must be a public key (PEM) or a key set (JWKS) of RSA keys with at least {LEAST_BITS} bits"

    assert scheme_of("saleor").fault(secret) == fault


@pytest.mark.parametrize(
    "secret", [PUBLIC, PRIVATE, PUBLIC.replace("\n", "\\n"), RFC_KEY_SET, key_set({"kty": "EC"}, jwk(OURS))]
)
def test_keys_are_taken_in_every_form_that_platforms_give_them(secret):
    assert scheme_of("saleor").fault(secret) is None


def test_a_new_secret_is_not_proved_again_to_be_one(monkeypatch):
    def prove(*arguments):
        raise AssertionError("which takes longer than making it")

    monkeypatch.setattr(rsa_keys, "load_pem_private_key", prove)
    pair = rsa_keys.new_pair()

    [public] = rsa_keys.read_keys([pair])
    assert public.has_signed(rsa_keys.sign(pair, b"{}", "sha256"), b"{}", "sha256")


def test_samples_are_key_pairs_and_differ():
    samples = [scheme_of("saleor").sample_secret(number) for number in range(4)]

    for sample in samples:
        proved = load_pem_private_key(sample.encode(), None)
        assert proved.key_size == LEAST_BITS
        [public] = rsa_keys.read_keys([sample])
        assert public.has_signed(rsa_keys.sign(sample, b"{}", "sha256"), b"{}", "sha256")
    assert len(set(samples)) == len(samples)


def test_new_secrets_are_no_samples():
    scheme = scheme_of("saleor")
    samples = {scheme.sample_secret(number) for number in range(4)}

    assert scheme.new_secret() not in samples
    assert scheme.new_secret() != scheme.new_secret()


def test_a_new_secret_signs_and_verifies():
    scheme = scheme_of("saleor")
    secret = scheme.new_secret()

    assert scheme.fault(secret) is None
    assert accepts(scheme, signed("saleor", secret=secret), secrets=[secret])


@every
@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 2000), junk=st.binary(min_size=1, max_size=8))
def test_a_mutilated_signature_is_refused_without_an_error(platform, place, junk):
    request = SIGNED[platform]
    [name, *_] = [*request.headers, ""]
    text = request.headers[name].encode() if name else request.body
    cut = place % len(text)
    changed = text[:cut] + junk + text[cut + len(junk) :]
    headers = {name: changed.decode("latin-1")} if name else {}
    mutilated = Request(request.body if name else changed, headers)

    assert changed.strip() == text.strip() or not accepts(scheme_of(platform), mutilated) or _same(text, changed)


def _same(text: bytes, changed: bytes) -> bool:
    """Whether both spell the same bytes: the last letter of base64 holds bits that mean nothing."""
    return len(text) == len(changed) and text[:-3] == changed[:-3]

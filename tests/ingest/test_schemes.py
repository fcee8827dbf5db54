"""Signatures: the platforms' published vectors, and everything that must be refused."""

import base64

import pytest

from errors import SignatureMismatch
from ingest.schemes import SCHEMES, WINDOW_SECONDS

SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

# (scheme, parameters, body, secret, message id, timestamp, headers)
VECTORS = {
    # docs.slack.dev/authentication/verifying-requests-from-slack
    "slack": (
        "slack",
        {},
        SLACK_BODY,
        "8f742231b10e8888abcd99yyyzzz85a5",
        "",
        1531420618,
        {
            "x-slack-request-timestamp": "1531420618",
            "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        },
    ),
    # github.com/standard-webhooks/standard-webhooks
    "standard": (
        "standard_webhooks",
        {},
        b'{"test": 2432232314}',
        STANDARD_SECRET,
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
    ),
    # docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
    "hex with a prefix": (
        "hmac",
        {"header": "X-Hub-Signature-256", "digest": "sha256", "encoding": "hex", "prefix": "sha256="},
        b"Hello, World!",
        "It's a Secret to Everybody",
        "",
        0,
        {
            "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        },
    ),
    # Shopify and WooCommerce publish no vector; this one is from `openssl dgst -sha256 -hmac hush -binary | base64`
    "base64": (
        "hmac",
        {"header": "X-Shopify-Hmac-SHA256", "digest": "sha256", "encoding": "base64"},
        b'{"id":820982911946154508,"email":"jon@example.com"}',
        "hush",
        "",
        0,
        {"x-shopify-hmac-sha256": "D0UMXmhjwBRi4y66TmhJrDlhQABD7zI2fm3p6/QLMo8="},
    ),
}


@pytest.fixture(params=VECTORS.values(), ids=VECTORS.keys())
def vector(request):
    return request.param


def verify(vector, *, body=None, headers=None, secrets=None, now=None):
    scheme, parameters, signed, secret, _, timestamp, given = vector
    SCHEMES[scheme].verify(
        parameters,
        signed if body is None else body,
        given if headers is None else headers,
        (secret,) if secrets is None else secrets,
        timestamp if now is None else now,
    )


def other_secret(vector) -> str:
    return "whsec_" + "A" * 32 if vector[0] == "standard_webhooks" else "another secret"


def test_a_published_vector_is_made_and_accepted(vector):
    scheme, parameters, body, secret, message_id, timestamp, headers = vector

    made = SCHEMES[scheme].sign(parameters, body, secret, message_id, timestamp)

    assert {name.lower(): value for name, value in made.items()} == headers
    assert verify(vector) is None


def test_any_of_the_configured_secrets_may_have_signed(vector):
    assert verify(vector, secrets=(other_secret(vector), vector[3])) is None


def test_another_secret_is_refused(vector):
    with pytest.raises(SignatureMismatch) as refused:
        verify(vector, secrets=(other_secret(vector),))
    assert refused.value.code == "bad_signature"


def test_a_changed_body_is_refused(vector):
    with pytest.raises(SignatureMismatch):
        verify(vector, body=vector[2] + b" ")


def test_each_missing_header_is_refused_by_name(vector):
    for name in vector[6]:
        headers = {other: value for other, value in vector[6].items() if other != name}
        with pytest.raises(SignatureMismatch, match=r"header .* is missing") as refused:
            verify(vector, headers=headers)
        assert refused.value.code == "missing_signature"


@pytest.mark.parametrize("junk", ["", " ", "v1", "v1,", ",", "=", "é", "ÿ" * 500, "v0=", "v1,%%%", "\x00"])
def test_junk_for_a_signature_is_refused_without_an_error(vector, junk):
    name = list(vector[6])[-1]
    with pytest.raises(SignatureMismatch):
        verify(vector, headers={**vector[6], name: junk})


@pytest.mark.parametrize("name", ["slack", "standard"])
@pytest.mark.parametrize("distance", [WINDOW_SECONDS + 1, -WINDOW_SECONDS - 1])
def test_a_signed_time_outside_the_window_is_stale_both_ways(name, distance):
    with pytest.raises(SignatureMismatch) as refused:
        verify(VECTORS[name], now=VECTORS[name][5] + distance)
    assert refused.value.code == "stale_signature"


@pytest.mark.parametrize("name", ["slack", "standard"])
@pytest.mark.parametrize("distance", [WINDOW_SECONDS, -WINDOW_SECONDS])
def test_a_signed_time_at_the_edge_of_the_window_is_fresh(name, distance):
    assert verify(VECTORS[name], now=VECTORS[name][5] + distance) is None


@pytest.mark.parametrize("timestamp", ["soon", "1e9", "-1", "٣", "9" * 400])
def test_a_signed_time_that_is_no_time_is_refused(timestamp):
    scheme = SCHEMES["slack"]
    signature = scheme.sign({}, b"x", "secret", "", timestamp)  # type: ignore[arg-type]
    headers = {name.lower(): value for name, value in signature.items()}

    with pytest.raises(SignatureMismatch):
        scheme.verify({}, b"x", headers, ("secret",), 1531420618)


def test_one_of_several_signatures_suffices_while_a_secret_is_rolled():
    vector = VECTORS["standard"]
    headers = dict(vector[6])
    headers["webhook-signature"] = f"v1a,AAAA v1,BBBB {headers['webhook-signature']}"

    assert verify(vector, headers=headers) is None


def of_bytes(count):
    return "whsec_" + base64.b64encode(b"k" * count).decode()


@pytest.mark.parametrize(
    "secret",
    ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_not base64!", "whsec_ümläut", of_bytes(23), of_bytes(65)],
)
def test_a_secret_that_is_not_standard_is_named_before_it_is_used(secret):
    assert SCHEMES["standard_webhooks"].fault(secret) == "must be whsec_ and base64 of 24 to 64 bytes"


@pytest.mark.parametrize("secret", [STANDARD_SECRET, of_bytes(24), of_bytes(64)])
def test_a_secret_of_the_standards_length_is_right(secret):
    assert SCHEMES["standard_webhooks"].fault(secret) is None

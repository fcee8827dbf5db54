"""Signatures: what others computed is made and accepted, and everything else refused."""

import base64
import hmac
from urllib.parse import parse_qs, urlencode

import pytest

from errors import SignatureMismatch
from ingest.schemes import PLACES, Request
from mappings.signing import SCHEMES, WINDOW_SECONDS
from tests.ingest.senders import ALL, HEX_KEY, PLATFORMS, SIGNED, Sent, scheme_of

every = pytest.mark.parametrize("sent", ALL, ids=lambda sent: sent.platform)
every_signed = pytest.mark.parametrize("sent", SIGNED, ids=lambda sent: sent.platform)
WITH_KEY_PAIRS = {"rsa", "jws_detached", "jwt_body"}  # in a file of their own
TIMED = ("slack", "standard", "close", "bigcommerce", "hubspot", "shopware")
every_timed = pytest.mark.parametrize(
    "sent", [sent for sent in SIGNED if sent.platform in TIMED], ids=lambda sent: sent.platform
)


def verify(sent: Sent, request: Request | None = None, *, secrets=None, now: float | None = None) -> None:
    verifier = sent.scheme.verifier(secrets or [sent.secret])
    return verifier(request or sent.request, sent.at if now is None else now)


def another_secret(sent: Sent) -> str:
    return sent.scheme.new_secret()


def refusal(sent: Sent, request: Request | None = None, **how) -> SignatureMismatch:
    with pytest.raises(SignatureMismatch) as refused:
        verify(sent, request, **how)
    return refused.value


def test_a_mapping_may_ask_for_every_scheme_there_is():
    assert set(SCHEMES) == set(PLACES)


def test_every_scheme_is_tested_here():
    assert {PLATFORMS[sent.platform]["scheme"] for sent in ALL} | WITH_KEY_PAIRS | {"timestamped_hmac"} == set(SCHEMES)


@every
def test_a_request_is_made_as_the_platform_makes_it_and_accepted(sent):
    made = sent.scheme.sign(sent.unsigned, sent.secret, message_id=sent.message_id, timestamp=sent.at)

    lower = {name.lower(): value for name, value in made.headers.items()}
    assert lower == sent.request.headers
    assert (made.token, made.query) == (sent.token, sent.query)
    assert verify(sent, made._replace(headers=lower)) is None
    assert verify(sent) is None


@every
def test_any_of_the_configured_secrets_may_have_proved_it(sent):
    assert verify(sent, secrets=[another_secret(sent), sent.secret, another_secret(sent)]) is None


@every
def test_another_secret_is_refused(sent):
    assert refusal(sent, secrets=[another_secret(sent)]).code == "bad_signature"


@every
def test_the_secrets_in_use_are_as_the_scheme_wants_them(sent):
    assert sent.scheme.fault(sent.secret) is None
    assert sent.scheme.fault(another_secret(sent)) is None


@every_signed
def test_what_is_signed_cannot_be_changed(sent):
    body = sent.body.replace(b'"eventId"', b'"eventid"') if sent.platform == "ecwid" else sent.body + b" "

    assert refusal(sent, sent.request._replace(body=body)).status == 401


@every
def test_what_is_missing_is_named(sent):
    for name in sent.headers:
        headers = {other: value for other, value in sent.request.headers.items() if other != name}
        refused = refusal(sent, sent.request._replace(headers=headers))
        assert refused.code == "missing_signature"
        assert name in refused.message.lower()
    assert refusal(sent, Request(b"{}", {})).code == "missing_signature"


@pytest.mark.parametrize("sent", [each for each in ALL if each.url], ids=lambda sent: sent.platform)
def test_a_signed_address_must_be_ours(sent):
    elsewhere = sent.request._replace(url=sent.url.replace("https://", "https://www."))

    assert refusal(sent, elsewhere).code == "bad_signature"
    assert sent.scheme.needs_public_url


@every_timed
@pytest.mark.parametrize("distance", [WINDOW_SECONDS + 1, -WINDOW_SECONDS - 1])
def test_a_signed_time_outside_the_window_is_stale_both_ways(sent, distance):
    assert refusal(sent, now=sent.at + distance).code == "stale_signature"


@every_timed
@pytest.mark.parametrize("distance", [WINDOW_SECONDS, -WINDOW_SECONDS])
def test_a_signed_time_at_the_edge_of_the_window_is_fresh(sent, distance):
    assert verify(sent, now=sent.at + distance) is None


def test_a_window_is_as_wide_as_the_mapping_says():
    scheme = scheme_of("paddle", window_seconds=5)
    request = scheme.sign(Request(b"{}", {}), "hush", message_id="", timestamp=1000)
    verifier = scheme.verifier(["hush"])
    request = request._replace(headers={"paddle-signature": request.headers["Paddle-Signature"]})

    assert verifier(request, 1005) is None
    with pytest.raises(SignatureMismatch, match="5 seconds") as refused:
        verifier(request, 1006)
    assert refused.value.code == "stale_signature"


@pytest.mark.parametrize("time", ["soon", "1e9", "-1", "+1700000000", "٣", "9" * 400, "1700000000.0", "0x6553F100"])
def test_a_signed_time_that_is_no_time_is_refused(time):
    [sent] = [each for each in SIGNED if each.platform == "slack"]
    written = time if time.isascii() else time.encode().decode("latin-1")
    signed = hmac.digest(sent.secret.encode(), b"v0:" + written.encode("latin-1") + b":" + sent.body, "sha256")
    headers = {"x-slack-request-timestamp": written, "x-slack-signature": f"v0={signed.hex()}"}

    assert refusal(sent, sent.request._replace(headers=headers)).code == "stale_signature"


@pytest.mark.parametrize(("platform", "unit"), [("slack", 1000), ("hubspot", 0.001)])
def test_a_time_in_another_unit_is_stale(platform, unit):
    [sent] = [each for each in SIGNED if each.platform == platform]
    request = sent.scheme.sign(sent.unsigned, sent.secret, message_id="", timestamp=int(sent.at * unit))
    lower = {name.lower(): value for name, value in request.headers.items()}

    assert refusal(sent, request._replace(headers=lower)).code == "stale_signature"


@pytest.mark.parametrize(
    ("platform", "before", "after"),
    [("standard", "v1a,AAAA v1,BBBB ", " v1,CCCC"), ("sha1", "abcd,", ",abcd")],
)
def test_one_of_several_signatures_suffices_while_a_secret_is_rolled(platform, before, after):
    [sent] = [each for each in SIGNED if each.platform == platform]
    header = list(sent.headers)[-1]
    headers = {**sent.request.headers, header: before + sent.headers[header] + after}

    assert verify(sent, sent.request._replace(headers=headers)) is None


@pytest.mark.parametrize("platform", ["stripe", "paddle"])
def test_time_and_signatures_may_share_a_header_in_any_order(platform):
    scheme, said = scheme_of(platform), PLATFORMS[platform]
    name = said["header"]
    signed = scheme.sign(Request(b"{}", {}), "hush", message_id="", timestamp=1000).headers[name]
    time, signature = signed.split(said["separator"])
    verifier = scheme.verifier(["hush"])

    for items in (
        [time, signature],
        [signature, time],
        [time, said["prefix"] + "00", signature],
        ["v0=1", time, signature],
    ):
        assert verifier(Request(b"{}", {name.lower(): said["separator"].join(items)}), 1000) is None
    for items, code in (
        ([signature], "missing_signature"),
        ([time], "bad_signature"),
        ([time, "v9" + signature], "bad_signature"),
    ):
        with pytest.raises(SignatureMismatch) as refused:
            verifier(Request(b"{}", {name.lower(): said["separator"].join(items)}), 1000)
        assert refused.value.code == code


@pytest.mark.parametrize("authorization", ["basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "BASIC  QWxhZGRpbjpvcGVuIHNlc2FtZQ=="])
def test_the_kind_of_credentials_is_written_in_any_case(authorization):
    [sent] = [each for each in ALL if each.platform == "pipedrive"]

    assert verify(sent, sent.request._replace(headers={"authorization": authorization})) is None


@pytest.mark.parametrize(
    "authorization", ["Basic", "Basic %%%", "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic QWxhZGRpbg"]
)
def test_other_credentials_are_refused(authorization):
    [sent] = [each for each in ALL if each.platform == "pipedrive"]

    assert refusal(sent, sent.request._replace(headers={"authorization": authorization})).code == "bad_signature"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"token":null}', b'{"token":[]}', b'{"token":""}', b"\xff"]
)
def test_a_body_without_the_token_is_refused(body):
    [sent] = [each for each in ALL if each.platform == "zoho crm"]

    assert refusal(sent, sent.request._replace(body=body)).status == 401


def test_a_token_may_lie_deeper_and_in_a_form():
    scheme = scheme_of("zoho crm", field="data.token")
    form = {"content-type": "application/x-www-form-urlencoded"}
    deep = scheme.sign(Request(b'{"data":{"id":1.10}}', {}), "hush", message_id="", timestamp=0)
    flat = scheme_of("zoho crm").sign(Request(b"id=1", form), "hush hush", message_id="", timestamp=0)

    assert deep.body == b'{"data":{"id":1.10,"token":"hush"}}'
    assert scheme.verifier(["hush"])(deep, 0) is None
    assert flat.body == b"id=1&token=hush+hush"
    assert scheme_of("zoho crm").verifier(["hush hush"])(flat, 0) is None


def test_a_token_may_lie_in_json_in_a_text():
    form = {"content-type": "application/x-www-form-urlencoded"}
    scheme = scheme_of("zoho crm", field="data.verification_token")
    signed = scheme.sign(Request(b"data=%7B%22amount%22%3A3.00%7D&n=1", form), "hush", message_id="", timestamp=0)
    in_json = scheme.sign(Request(b'{"data":"{}"}', {}), "hush", message_id="", timestamp=0)

    assert parse_qs(signed.body.decode()) == {"data": ['{"amount":3.00,"verification_token":"hush"}'], "n": ["1"]}
    assert in_json.body == b'{"data":"{\\"verification_token\\":\\"hush\\"}"}'
    for request in (signed, in_json):
        assert scheme.verifier(["hush"])(request, 0) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hush",
        '"hush"',
        '["hush"]',
        '{"verification_token": ["hush"]}',
        '{"verification_token": "',
        "{}{}",
        "[" * 5000,
    ],
)
def test_a_text_in_which_there_is_no_token_is_refused(text):
    form = {"content-type": "application/x-www-form-urlencoded"}

    with pytest.raises(SignatureMismatch) as refused:
        scheme_of("zoho crm", field="data.verification_token").verifier(["hush"])(
            Request(urlencode({"data": text}).encode(), form), 0
        )
    assert refused.value.code == "missing_signature"


def of_bytes(count: int) -> str:
    return "whsec_" + base64.b64encode(b"k" * count).decode()


@pytest.mark.parametrize(
    ("platform", "secret", "fault"),
    [
        *(
            ("standard", secret, "must be whsec_ and base64 of 24 to 64 bytes")
            for secret in ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_not base64!", "whsec_ümläut")
        ),
        ("standard", of_bytes(23), "must be whsec_ and base64 of 24 to 64 bytes"),
        ("standard", of_bytes(65), "must be whsec_ and base64 of 24 to 64 bytes"),
        ("squarespace", HEX_KEY[1:], "must be hex: digits and the letters a to f, two for each byte"),
        ("squarespace", "hush", "must be hex: digits and the letters a to f, two for each byte"),
        ("base64 key", "hush!", "must be base64"),
        ("pipedrive", "hush", "must be user:password"),
        ("pipedrive", ":hush", "must be user:password"),
        ("a bearer", "hush hush", "must be letters, digits and signs of ASCII, without spaces"),
        ("freshsales", "hüsh", "must be letters, digits and signs of ASCII, without spaces"),
        ("salesforce", "short", "must be 16 to 200 letters, digits, - or _"),
        ("salesforce", "a/b" * 10, "must be 16 to 200 letters, digits, - or _"),
    ],
)
def test_a_secret_of_the_wrong_form_is_told_before_it_is_used(platform, secret, fault):
    assert scheme_of(platform).fault(secret) == fault


@pytest.mark.parametrize("secret", [of_bytes(24), of_bytes(64)])
def test_a_secret_of_the_standards_length_is_right(secret):
    assert scheme_of("standard").fault(secret) is None


def test_schemes_that_prove_little_say_so():
    weak = {sent.platform for sent in ALL if sent.scheme.weakness}

    stolen = {"pipedrive", "freshsales", "a bearer", "zoho crm", "salesforce", "jotform"}
    assert weak == stolen | {"ecwid", "hubspot 1", "hubspot 2"}


def test_a_genuine_body_that_nobody_can_read_is_let_in_whatever_time_it_may_hold():
    [sent] = [each for each in SIGNED if each.platform == "shopware"]
    unreadable = b'{"timestamp": NaN'
    signature = hmac.digest(sent.secret.encode(), unreadable, "sha256").hex()

    assert verify(sent, Request(unreadable, {**sent.request.headers, "shopware-shop-signature": signature})) is None
    assert refusal(sent, Request(unreadable, sent.request.headers)).code == "bad_signature"

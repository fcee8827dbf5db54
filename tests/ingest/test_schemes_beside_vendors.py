"""The vendors' own libraries as referees: each accepts what we sign, we what it signs, and what it refuses we refuse.

What a library accepts and we refuse is on purpose, and said with it. Some raise something else at malformed headers: a
TypeError at what is not ASCII, a ValueError at a time that is no number or a signature without a comma.
"""

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import stripe
from hubspot.exceptions import InvalidSignatureTimestampError
from hubspot.utils.signature import Signature
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from paddle_billing.Notifications import Secret, Verifier
from slack_sdk.signature import SignatureVerifier
from square.utils.webhooks_helper import verify_signature
from standardwebhooks import Webhook, WebhookVerificationError

from errors import SignatureMismatch
from ingest.schemes import Request
from tests.ingest.senders import scheme_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "https://hooks.example.com/hooks/shop"
Headers = Mapping[str, str]


def ask_stripe(body: str, headers: Headers) -> bool:
    try:
        header = headers.get("stripe-signature")
        return stripe.WebhookSignature.verify_header(body, header, SECRET, tolerance=300)
    except (stripe.SignatureVerificationError, TypeError):
        return False


def ask_slack(body: str, headers: Headers) -> bool:
    try:
        return SignatureVerifier(SECRET).is_valid_request(body, dict(headers))
    except (ValueError, TypeError):
        return False


def ask_standard(body: str, headers: Headers) -> bool:
    try:
        Webhook(SECRET).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True


def ask_bigcommerce(body: str, headers: Headers) -> bool:
    try:
        Webhook(base64.b64encode(SECRET.encode()).decode()).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True


def ask_square(body: str, headers: Headers) -> bool:
    header = headers.get("x-square-hmacsha256-signature", "")
    return verify_signature(request_body=body, signature_header=header, signature_key=SECRET, notification_url=URL)


def ask_hubspot(body: str, headers: Headers) -> bool:
    header, timestamp = headers.get("x-hubspot-signature-v3", ""), headers.get("x-hubspot-request-timestamp")
    try:
        return Signature.is_valid(header, SECRET, body, URL, signature_version="v3", timestamp=timestamp)
    except (InvalidSignatureTimestampError, TypeError):
        return False


def ask_paddle(body: str, headers: Headers) -> bool:
    request = SimpleNamespace(headers={"Paddle-Signature": headers.get("paddle-signature", "")}, body=body.encode())
    try:
        return Verifier(maximum_variance=300).verify(request, Secret(SECRET))
    except (ValueError, TypeError):
        return False


def make_stripe(body: str, at: int) -> Headers:
    return {"stripe-signature": stripe.WebhookSignature.generate_signature_header(body, SECRET, timestamp=at)}


def make_slack(body: str, at: int) -> Headers:
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=str(at), body=body)
    return {"x-slack-request-timestamp": str(at), "x-slack-signature": str(signature)}


def make_standard(body: str, at: int) -> Headers:
    signature = Webhook(SECRET).sign("msg_1", datetime.fromtimestamp(at, UTC), body)
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}


def make_bigcommerce(body: str, at: int) -> Headers:
    key = base64.b64encode(SECRET.encode()).decode()
    signature = Webhook(key).sign("msg_1", datetime.fromtimestamp(at, UTC), body)
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signature}


def make_hubspot(body: str, at: int) -> Headers:
    timestamp = str(at * 1000)
    signature = Signature.get_signature(SECRET, body, "v3", URL, "POST", timestamp)
    return {"x-hubspot-request-timestamp": timestamp, "x-hubspot-signature-v3": signature}


@dataclass(frozen=True)
class Vendor:
    """Its check, how it signs if it can, and whether it takes a time from the future for fresh."""

    accepts: Callable[[str, Headers], bool]
    makes: Callable[[str, int], Headers] | None = None
    takes_future: bool = False


VENDORS = {
    "stripe": Vendor(ask_stripe, make_stripe, takes_future=True),
    "slack": Vendor(ask_slack, make_slack),
    "standard": Vendor(ask_standard, make_standard),
    "bigcommerce": Vendor(ask_bigcommerce, make_bigcommerce),
    "square": Vendor(ask_square),
    "hubspot": Vendor(ask_hubspot, make_hubspot, takes_future=True),
    "paddle": Vendor(ask_paddle),
}
every = pytest.mark.parametrize("platform", VENDORS)
that_makes = pytest.mark.parametrize("platform", [name for name, vendor in VENDORS.items() if vendor.makes])
that_times = pytest.mark.parametrize("platform", [name for name in VENDORS if name != "square"])
bodies = st.text(st.characters(codec="utf-8"), min_size=1)  # Square refuses an empty body, for whatever reason


def signed(platform: str, body: str, at: int) -> Headers:
    request = scheme_of(platform).sign(Request(body.encode(), {}, url=URL), SECRET, message_id="msg_1", timestamp=at)
    return {name.lower(): value for name, value in request.headers.items()}


def we_accept(platform: str, body: str, headers: Headers) -> bool:
    try:
        scheme_of(platform).verifier([SECRET])(Request(body.encode(), headers, url=URL), time.time())
    except SignatureMismatch:
        return False
    return True


@every
@settings(max_examples=30, deadline=None)
@given(body=bodies)
def test_the_vendor_accepts_what_we_sign(platform, body):
    assert VENDORS[platform].accepts(body, signed(platform, body, int(time.time())))


@that_makes
@settings(max_examples=30, deadline=None)
@given(body=bodies)
def test_we_accept_what_the_vendor_signs(platform, body):
    assert we_accept(platform, body, VENDORS[platform].makes(body, int(time.time())))


@every
@settings(max_examples=100, deadline=None)
@given(which=st.integers(0, 2), place=st.integers(0, 200), junk=st.text(st.characters(codec="latin-1"), max_size=6))
@example(which=0, place=0, junk="")
@example(which=0, place=76, junk="\r")
def test_what_the_vendor_refuses_of_a_mutilated_header_we_refuse(platform, which, place, junk):
    headers = dict(signed(platform, "{}", int(time.time())))
    name = sorted(headers)[which % len(headers)]
    text = headers[name]
    mutilated = text[: place % (len(text) + 1)] + junk + text[place % (len(text) + 1) + len(junk) :]
    headers[name] = mutilated.strip(" \t")  # as HTTP gives it to anybody
    assume(headers[name])
    if not VENDORS[platform].accepts("{}", headers):
        # A list of signatures with one that is not `version,signature`: the standard says to look at the others.
        assume(not (platform in ("standard", "bigcommerce") and " " in headers["webhook-signature"]))
        assert not we_accept(platform, "{}", headers)


@every
def test_both_refuse_another_body(platform):
    headers = signed(platform, '{"total":1}', int(time.time()))

    assert not VENDORS[platform].accepts('{"total":9}', headers)
    assert not we_accept(platform, '{"total":9}', headers)


@that_times
def test_both_refuse_a_request_of_yesterday(platform):
    headers = signed(platform, "{}", int(time.time()) - 86_400)

    assert not VENDORS[platform].accepts("{}", headers)
    assert not we_accept(platform, "{}", headers)


@that_times
def test_we_refuse_a_request_of_tomorrow_whatever_the_vendor_does(platform):
    headers = signed(platform, "{}", int(time.time()) + 86_400)

    assert VENDORS[platform].accepts("{}", headers) is VENDORS[platform].takes_future
    assert not we_accept(platform, "{}", headers)

import json
from decimal import Decimal

import pytest

from errors import OrganizationPaused, OutcomeUnknown, ZohoRejected, ZohoUnavailable
from zoho.answers import NameTaken, TokenRefused, TokenRejected, ValueTaken, ZohoThrottled, read_answer, read_token

HTML = b"<html><body>502 Bad Gateway</body></html>"


def envelope(code: object, message: str = "words", **more: object) -> bytes:
    return json.dumps({"code": code, "message": message, **more}).encode()


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("code", [0, "0"])
def test_success_is_2xx_and_code_zero(status, code):
    answer = read_answer(status, {}, envelope(code, invoice={"invoice_id": "1"}), writes=True)

    assert answer["invoice"] == {"invoice_id": "1"}


def test_fractions_are_exact_decimals():
    answer = read_answer(200, {}, b'{"code": 0, "total": 0.1, "big": 1e400}', writes=False)

    assert answer["total"] == Decimal("0.1")
    assert answer["big"] == Decimal("1e400")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, envelope(1002), ZohoRejected),
        (400, envelope(15), ZohoRejected),
        (404, envelope(1002, "Please enter valid expense account"), ZohoRejected),
        (400, envelope(3062), NameTaken),
        (400, envelope(3062, "The customer already exists."), NameTaken),
        (400, envelope(4, "An invoice with the same value for Marker already exists."), ValueTaken),
        (400, envelope(9999, "Duplicate value entered for Marker"), ValueTaken),
        (400, envelope(6041), OrganizationPaused),
        (401, envelope(57), TokenRejected),
        (401, envelope(14), TokenRejected),
        (400, envelope("INVALID_OAUTHTOKEN"), TokenRejected),
        (401, HTML, TokenRejected),
        (429, HTML, ZohoThrottled),
        (400, envelope(43), ZohoThrottled),
    ],
)
@pytest.mark.parametrize("writes", [True, False])
def test_a_refusal_means_the_same_for_reads_and_writes(status, body, kind, writes):
    with pytest.raises(kind) as caught:
        read_answer(status, {}, body, writes=writes)

    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, envelope(1000, "Internal error")),
        (400, envelope(1000, "Internal error")),
        (502, HTML),
        (503, envelope(44)),
        (201, b""),
        (200, HTML),
        (200, b'["code", 0]'),
        (200, b'{"code": 0, "total": NaN}'),
        (200, b'{"invoice": {"invoice_id": "1"}}'),
        (302, envelope(0)),
        (200, b"[" * 100_000),
        (200, b'{"code": ' + b"1" * 5_000 + b"}"),
        (200, b"\xff\xfe{}"),
    ],
)
def test_an_answer_that_says_nothing_is_unknown_after_a_write_and_nothing_after_a_read(status, body):
    with pytest.raises(OutcomeUnknown):
        read_answer(status, {}, body, writes=True)
    with pytest.raises(ZohoUnavailable):
        read_answer(status, {}, body, writes=False)


@pytest.mark.parametrize(
    ("code", "headers", "seconds"),
    [
        (44, {}, 60),
        (44, {"Retry-After": "17"}, 17),
        (44, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 60),
        (44, {"Retry-After": "-5"}, 60),
        (44, {"X-Rate-Limit-Reset": "30000"}, 60),
        (45, {}, 3600),
        (45, {"X-Rate-Limit-Reset": "34881"}, 34881),
        (45, {"x-rate-limit-reset": "1800000000"}, 3600),
        (1070, {}, 1.5),
    ],
)
def test_each_limit_has_its_own_waiting_time(code, headers, seconds):
    with pytest.raises(ZohoThrottled) as caught:
        read_answer(429, headers, envelope(code), writes=True)

    assert caught.value.retry_after_seconds == seconds
    assert caught.value.zoho_code == str(code)


def test_a_refusal_keeps_zohos_words_and_code_and_says_what_to_do():
    with pytest.raises(ZohoRejected, match="has less than 100 characters") as caught:
        read_answer(400, {}, envelope(15, "Please ensure that the city has less than 100 characters."), writes=True)

    assert caught.value.zoho_code == "15"
    assert "Shorten" in caught.value.remedy


def test_a_token_answer_gives_token_and_life():
    assert read_token(200, b'{"access_token": "t", "expires_in": 3600}') == ("t", 3600.0)
    assert read_token(200, b'{"access_token": "t"}') == ("t", 3600.0)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b'{"error": "invalid_code"}', "invalid_code"),
        (200, b'{"error": "invalid_client", "access_token": "t"}', "invalid_client"),
        (400, b'{"error": "Access Denied", "error_description": "You have made too many requests"}', "access denied"),
        (200, b'{"error": "x", "error_description": "too many requests continuously"}', "access denied"),
        (429, b"", "access denied"),
    ],
)
def test_a_refused_grant_is_known_by_its_fields_not_its_status(status, body, error):
    with pytest.raises(TokenRefused) as caught:
        read_token(status, body)

    assert caught.value.error == error


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"{}"), (200, HTML), (500, b'{"error": "x"}'), (200, b'{"error": "general_error"}')]
)
def test_a_failing_token_service_is_no_verdict_on_the_grant(status, body):
    with pytest.raises(ZohoUnavailable):
        read_token(status, body)

import time
from decimal import Decimal

import pytest

from config.redaction import REMOVED, is_private_name, redact, redact_text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("mail to jane.o'hara+shop@mail.example.co.uk failed", "mail to [removed] failed"),
        ("redis://user:pw@redis:6379/0", "redis://[removed]@redis:6379/0"),
        ("rediss://:pw@redis.example.com", "rediss://[removed]@redis.example.com"),
        ("GET /hooks/shopify?hmac=abc HTTP/1.1", "GET /hooks/shopify?[removed] HTTP/1.1"),
        ("/hooks/salesforce/4f1c2f0e9d7b6a58", "/hooks/salesforce/[removed]"),
        ("POST https://x.example/hooks/crm-2/4f1c_-?a=b.", "POST https://x.example/hooks/crm-2/[removed]?[removed]"),
        ("Authorization: Zoho-oauthtoken 1000.abc", "Authorization: [removed] [removed]"),
        ("used Bearer abc.def", "used Bearer [removed]"),
        ("client_secret=abc&grant_type=x", "client_secret=[removed]&grant_type=x"),
        ("{'refresh_token': 'abc', 'a': 1}", "{'refresh_token': '[removed]', 'a': 1}"),
        ('{"SHOPIFY_WEBHOOK_SECRET": "abc"}', '{"SHOPIFY_WEBHOOK_SECRET": "[removed]"}'),
        ("code 1000." + "a1" * 16 + "." + "b2" * 16, "code [removed]"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "[removed]"),
        ("xoxb-123-abc and shpat_0a1b", "[removed] and [removed]"),
    ],
)
def test_private_text_is_removed_and_the_rest_stays(text, redacted):
    assert redact_text(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "posted",
        "/hooks/shopify",
        "shopify/invoice/order:820982911946154508",
        "2026-01-31T09:00:00Z",
        "http://127.0.0.1:8099/books/v3/invoices",
        "no such tax: VAT 20 %?",
        "#1001 bh-7k2m9q4x1dfa",
        "a total of 1000.50 EUR",
        "token refreshed",
    ],
)
def test_ordinary_text_stays_as_it_is(text):
    assert redact_text(text) == text


@pytest.mark.parametrize("name", ["Authorization", "X-Shopify-Hmac-Signature", "clientSecret", "body", "contact_email"])
def test_private_names_are_known_in_any_spelling(name):
    assert is_private_name(name)


@pytest.mark.parametrize("name", ["event_id", "connection", "zoho_id", "key", "state", "total"])
def test_names_that_tell_what_happened_are_not_private(name):
    assert not is_private_name(name)


def test_a_whole_value_is_redacted_at_any_depth():
    value = {
        "list": [("a@b.example", 1)],
        "token_count": 3,
        "tokens": ["x"],
        "raw": b"bytes",
        "total": Decimal("1.50"),
        "none": None,
    }

    assert redact(value) == {
        "list": [[REMOVED, 1]],
        "token_count": 3,
        "tokens": REMOVED,
        "raw": REMOVED,
        "total": Decimal("1.50"),
        "none": None,
    }


@pytest.mark.parametrize("text", ["a" * 200_000, "a@" * 100_000, "secret" * 30_000, "://" * 60_000, "a.b-" * 50_000])
def test_hostile_text_takes_no_time(text):
    started = time.process_time()
    redact_text(text)
    assert time.process_time() - started < 2

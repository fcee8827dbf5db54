"""Bodies that are web tokens: what they claim is what a mapping sees."""

import json
from decimal import Decimal

import pytest

from errors import Unreadable
from mappings import Options, Received
from mappings.web_tokens import to_base64url

MAPPING = """\
source: shop
body: jwt
accepts: [text/plain, application/json]
verify: {scheme: jwt_body, secret: SHOP_PUBLIC_KEY}
identify:
  topic: json(data).eventType
  delivery: json(json(data).data).id
events:
  approved:
    let:
      order: json(json(data).data).entity
    once_per: "order:{let('order').id}"
    expense:
      date: "'2026-03-14'"
      amount: money(let('order').total)
      currency_code: let('order').currency
      account_name: "'Sales'"
"""
ORDER = {"id": "e1", "entity": {"id": "o7", "total": 12.10, "currency": "EUR"}}
CLAIMS = {"data": json.dumps({"eventType": "approved", "data": json.dumps(ORDER)}), "iat": 1, "exp": 2}


def token(claims: object) -> bytes:
    told = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return f"e30.{to_base64url(told)}.".encode()


def test_a_mapping_reads_claims_and_the_json_in_their_texts(source):
    shop, received = source(MAPPING), Received(token(CLAIMS), {"Content-Type": "text/plain"})

    identity = shop.identify(received)
    drafts = shop.render(received, Options(paid_through="Bank"), topic=identity.topic)

    assert (identity.topic, identity.delivery, identity.once_per) == ("approved", "e1", "order:o7")
    assert drafts.expense.amount == Decimal("12.10")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not a web token"),
        (b"[]", "not a web token"),
        (b"a.b", "three parts"),
        (b"a.b.c.d", "three parts"),
        (b"e30.e30=.x", "base64url"),
        (b"e30.e3.x", "JSON"),
        (token(b"["), "JSON"),
        (token(b'{"a":1,"a":2}'), "twice"),
        (b"e30.\xff.x", "base64url"),
    ],
)
def test_a_body_that_is_no_token_is_told_to_a_person(source, body, reason):
    with pytest.raises(Unreadable, match=reason):
        source(MAPPING).render(Received(body, {}), Options(), topic="approved")


def test_claims_may_stand_alone_as_they_do_in_examples(source):
    identity = source(MAPPING).identify(Received(json.dumps(CLAIMS).encode(), {}))

    assert (identity.topic, identity.once_per) == ("approved", "order:o7")

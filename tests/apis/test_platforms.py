"""What the steps of a mapping can ask of the APIs that thin events are completed from; each as it is documented."""

import json
from decimal import Decimal

import pytest

from errors import NeedsAttention, RetryLater
from mappings import Received
from tests.apis import crms, shops
from tests.apis.conftest import fetch
from tests.outbound.api_server import Reply, served_api

PLATFORMS = shops.ALL | crms.ALL


def rows(count, **more):
    return [{"id": f"r{number}", "amount": Decimal("1.10"), **more} for number in range(count)]


def by_id(found):
    return {row["id"]: row for row in found}


STRIPE = """apis:
  api.stripe.com:
    credential: {setting: KEY_A, as: basic_user}
    headers: {Stripe-Version: "2024-06-20"}
fetch:
      session:
        url: "https://api.stripe.com/v1/checkout/sessions/{id}?expand[]=customer"
      lines:
        url: "https://api.stripe.com/v1/checkout/sessions/{id}/line_items?limit=100"
        pages: {by: cursor, items: data, next: 'data[-1].id', parameter: starting_after, while: has_more}
"""
BIGCOMMERCE = """apis:
  api.bigcommerce.com:
    credential: {setting: KEY_A, as: header, name: X-Auth-Token}
fetch:
      order:
        url: "https://api.bigcommerce.com/stores/abc/v2/orders/{id}"
      products:
        url: "https://api.bigcommerce.com/stores/abc/v2/orders/{id}/products?limit=250"
        pages: {by: number, parameter: page, 'items?': '@'}
"""
SQUARE = """apis:
  connect.squareup.com:
    credential: {setting: KEY_A, as: bearer}
    headers: {Square-Version: "2025-01-23"}
fetch:
      order:
        url: "https://connect.squareup.com/v2/orders/{id}"
      customer?:
        url: "https://connect.squareup.com/v2/customers/{fetched('order').order.customer_id}"
      payments:
        url: "https://connect.squareup.com/v2/payments"
        pages: {by: cursor, 'items?': payments, next: cursor, parameter: cursor}
"""
SQUARESPACE = """apis:
  api.squarespace.com:
    credential: {setting: KEY_A, as: bearer}
fetch:
      order:
        url: "https://api.squarespace.com/1.0/commerce/orders/{id}"
      orders:
        url: "https://api.squarespace.com/1.0/commerce/orders?modifiedAfter=2026-01-01T00:00:00Z&modifiedBefore={day}"
        pages: {by: url, items: result, next: pagination.nextPageUrl}
"""
ECWID = """apis:
  app.ecwid.com:
    credential: {setting: KEY_A, as: bearer}
fetch:
      order:
        url: "https://app.ecwid.com/api/v3/1003/orders/{id}"
      orders:
        url: "https://app.ecwid.com/api/v3/1003/orders?limit=100"
        pages: {by: offset, items: items, parameter: offset}
"""
ETSY = """apis:
  openapi.etsy.com:
    credential:
      - {setting: KEY_A, as: header, name: x-api-key}
      - {setting: KEY_B, as: bearer}
fetch:
      receipt:
        url: "https://openapi.etsy.com/v3/application/shops/77/receipts/{id}"
      receipts:
        url: "https://openapi.etsy.com/v3/application/shops/77/receipts?limit=100"
        pages: {by: offset, items: results, parameter: offset}
"""
HUBSPOT = """apis:
  api.hubapi.com:
    credential: {setting: KEY_A, as: bearer}
fetch:
      deal:
        url: "https://api.hubapi.com/crm/v3/objects/deals/{id}?properties=dealname,amount&associations=contacts"
      contacts:
        each: fetched('deal').associations.contacts.results
        url: "https://api.hubapi.com/crm/v3/objects/contacts/{id}?properties=email,firstname"
      line_ids:
        url: "https://api.hubapi.com/crm/v4/objects/deals/{id}/associations/line_items?limit=500"
        pages: {by: cursor, items: results, next: paging.next.after, parameter: after}
      lines:
        each: fetched('line_ids')[:2]
        url: "https://api.hubapi.com/crm/v3/objects/line_items/{toObjectId}?properties=name,price"
"""
PIPEDRIVE = """apis:
  api.pipedrive.com:
    credential: {setting: KEY_A, as: header, name: x-api-token}
fetch:
      deal:
        url: "https://api.pipedrive.com/api/v2/deals/{id}"
      person?:
        url: "https://api.pipedrive.com/api/v2/persons/{fetched('deal').data.person_id}"
      organization?:
        url: "https://api.pipedrive.com/api/v2/organizations/{fetched('deal').data.org_id}"
      products:
        url: "https://api.pipedrive.com/api/v2/deals/{id}/products?limit=100"
        pages: {by: cursor, items: data, next: additional_data.next_cursor, parameter: cursor}
"""
MANY = rows(230)
ASKED = {
    "Stripe": (
        STRIPE,
        {"sessions": {"7": {"id": "7"}}, "session_lines": {"7": MANY}},
        {"session": {"id": "7"}, "lines": MANY},
    ),
    "BigCommerce": (
        BIGCOMMERCE,
        {"orders": {"7": {"id": 7}}, "products": {"7": rows(510)}},
        {"order": {"id": 7}, "products": rows(510)},
    ),
    "Square": (
        SQUARE,
        {"orders": {"7": {"customer_id": "C"}}, "customers": {"C": {"given_name": "Ada"}}, "payments": by_id(MANY)},
        {"order": {"order": {"customer_id": "C"}}, "customer": {"customer": {"given_name": "Ada"}}, "payments": MANY},
    ),
    "Squarespace": (
        SQUARESPACE,
        {"orders": by_id([{"id": "7"}, *MANY])},
        {"order": {"id": "7"}, "orders": [{"id": "7"}, *MANY]},
    ),
    "Ecwid": (ECWID, {"orders": by_id([{"id": "7"}, *MANY])}, {"order": {"id": "7"}, "orders": [{"id": "7"}, *MANY]}),
    "Etsy": (
        ETSY,
        {"receipts": by_id([{"id": "7"}, *MANY])},
        {"receipt": {"id": "7"}, "receipts": [{"id": "7"}, *MANY]},
    ),
    "HubSpot": (
        HUBSPOT,
        {
            "deals": {"7": {"dealname": "Boat", "amount": "5.00", "secret": "x"}},
            "contacts": {"1": {"email": "a@example.com", "firstname": "Ada"}},
            "line_items": {str(number): {"name": f"Part {number}", "price": "2.50"} for number in range(600)},
            "associations": {
                "deals/7/contacts": ["1"],
                "deals/7/line_items": [str(number) for number in range(600)],
            },
        },
        {
            "deal": {
                "id": "7",
                "properties": {"dealname": "Boat", "amount": "5.00"},
                "archived": False,
                "associations": {"contacts": {"results": [{"id": "1", "type": "deal_to_contacts"}]}},
            },
            "contacts": [{"id": "1", "properties": {"email": "a@example.com", "firstname": "Ada"}, "archived": False}],
            "line_ids": [{"toObjectId": number} for number in range(600)],
            "lines": [
                {"id": str(number), "properties": {"name": f"Part {number}", "price": "2.50"}, "archived": False}
                for number in range(2)
            ],
        },
    ),
    "Pipedrive": (
        PIPEDRIVE,
        {"deals": {"7": {"person_id": 1, "org_id": None}}, "persons": {"1": {"name": "Ada"}}, "products": {"7": MANY}},
        {
            "deal": {"success": True, "data": {"person_id": 1, "org_id": None}},
            "person": {"success": True, "data": {"name": "Ada"}},
            "organization": None,
            "products": MANY,
        },
    ),
}


@pytest.fixture(params=ASKED)
def platform(request):
    with served_api(PLATFORMS[request.param]) as server:
        server.name = request.param
        for collection, held in ASKED[request.param][1].items():
            server.put(collection, held)
        yield server


@pytest.fixture
def source(platform, load):
    return load(ASKED[platform.name][0])


def event(key="7"):
    return Received(json.dumps({"type": "paid", "id": key, "day": "2026-02-01T00:00:00Z"}).encode(), {})


def test_everything_is_fetched_page_after_page_to_the_cent(platform, source):
    assert fetch(source, platform, event()) == ASKED[platform.name][2]


def test_every_stand_in_is_asked():
    assert set(ASKED) == set(PLATFORMS)


def test_a_wrong_credential_is_refused_in_words_that_name_its_setting(platform, source):
    with pytest.raises(NeedsAttention, match="KEY_A") as caught:
        fetch(source, platform, event(), key="wrong-key")

    assert caught.value.code in ("api_unauthorized", "api_forbidden")
    assert "wrong-key" not in f"{caught.value.message} {caught.value.remedy}"


def test_what_is_not_there_is_said_with_the_step(platform, source):
    with pytest.raises(NeedsAttention, match=platform.host) as caught:
        fetch(source, platform, event("404"))

    assert caught.value.code == "api_missing"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_for_later(platform, source, status):
    platform.faults = [Reply(b"{}", status, {"Retry-After": "3"})]

    with pytest.raises(RetryLater) as caught:
        fetch(source, platform, event())
    assert caught.value.retry_after_seconds == 3
    assert fetch(source, platform, event()) == ASKED[platform.name][2]

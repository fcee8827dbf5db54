"""What single platforms want besides what every source keeps to: registrations, challenges, options of a shop."""

import hmac
import json
import re
from decimal import Decimal
from urllib.parse import urlencode

import pytest

from mappings import BUILT_IN, Options, Received
from mappings.conversions import minor_decimals
from mappings.currencies import CODES
from tests.scene import SOURCES, example, two_secrets

DECIMALS_OF_MEDUSA = re.compile(r'^  (\d): "([A-Z ]+)",$', re.MULTILINE)


def digest(text: str, secret: str) -> str:
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex()


def test_a_shopware_shop_is_told_what_to_sign_with_and_confirms_it(hooks, worker):
    secret = two_secrets(SOURCES["shopware"])[0]
    query = urlencode({"shop-id": "S1", "shop-url": "https://shop.example.com", "timestamp": "1780000000"})
    signed = {"shopware-app-signature": digest(query, secret)}

    told = hooks.client.get(f"/hooks/shopware?{query}", headers=signed).json
    assert told["proof"] == digest("S1https://shop.example.comBookhook", secret)
    assert told["confirmation_url"].endswith("/hooks/shopware")

    body = json.dumps({"apiKey": "a", "secretKey": "b", "timestamp": str(int(hooks.clock())), "shopId": "S1"})
    confirmed = hooks.client.post(
        "/hooks/shopware",
        data=body,
        headers={"Content-Type": "application/json", "shopware-shop-signature": digest(body, told["secret"])},
    )
    assert confirmed.status_code == 200
    assert list(worker.desk.ledger.events.list()) == []


def test_a_registration_of_shopware_that_is_not_signed_learns_nothing(hooks):
    answer = hooks.client.get("/hooks/shopware?shop-id=S1&shop-url=x&timestamp=1")

    assert answer.status_code == 401
    assert two_secrets(SOURCES["shopware"])[0] not in answer.text


@pytest.mark.parametrize("sent", ["timestamp=1779999699", "timestamp=1780000301", "timestamp=soon", "other=1"])
def test_a_registration_of_shopware_that_somebody_has_kept_learns_nothing(hooks, sent):
    secret, query = two_secrets(SOURCES["shopware"])[0], f"shop-id=S1&shop-url=x&{sent}"

    answer = hooks.client.get(f"/hooks/shopware?{query}", headers={"shopware-app-signature": digest(query, secret)})

    assert (answer.status_code, answer.json["error"]["code"]) == (401, "stale_signature")
    assert secret not in answer.text


def test_the_challenge_of_adobe_is_echoed(hooks):
    answer = hooks.client.get("/hooks/adobe_commerce?challenge=8ec8d794-e0ab-42df-9017-e3dada8e84f7")

    assert (answer.status_code, answer.json) == (200, {"challenge": "8ec8d794-e0ab-42df-9017-e3dada8e84f7"})


@pytest.mark.parametrize("left_out", [{"recipient_client_id", "event_id"}, {"recipientclientid", "eventid"}])
def test_an_event_of_adobe_names_whom_it_is_for_in_either_way_of_writing(left_out):
    sent = json.loads(example("adobe_commerce/paid_order").body)
    body = {name: value for name, value in sent.items() if name not in left_out}
    source = SOURCES["adobe_commerce"].with_options({"client_id": "76e82e864661495b89d774b0e49adfb9"})

    known = source.identify(Received(json.dumps(body).encode(), {"Content-Type": "application/json"}))

    assert known.ignored is None
    assert known.delivery == sent["event_id"]


def adobe_order(rows, **changes):
    body = json.loads(example("adobe_commerce/paid_order").body)
    body["data"]["value"] |= {"items": rows, "shipping_amount": 0, "shipping_tax_amount": 0, **changes}
    return Received(json.dumps(body).encode(), {"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("prices_include_tax", "rate", "discount"), [("yes", Decimal("24.99"), "5.00"), ("no", Decimal("21"), "4.20")]
)
def test_a_row_of_adobe_is_what_was_charged_with_tax_in_its_price_or_without(prices_include_tax, rate, discount):
    """Two scarves at 24.99 with 19 % in it, 10 % off: 49.98 - 5.00 = 44.98, of which 7.18 is tax; 7.98 was before."""
    row = {"name": "Scarf", "qty_ordered": "2", "row_total": 42, "row_total_incl_tax": 49.98, "discount_amount": 5}
    taxed = {"tax_amount": 7.18, "discount_tax_compensation_amount": 0.8, "tax_percent": "19.0000"}
    source = SOURCES["adobe_commerce"].with_options(
        {"client_id": "76e82e864661495b89d774b0e49adfb9", "prices_include_tax": prices_include_tax}
    )
    request = adobe_order([row | taxed], grand_total=44.98, total_paid=44.98)

    invoice = source.render(request, Options(), topic=source.topics[0]).invoice

    [line] = invoice.lines
    assert (line.rate, str(line.discount), invoice.is_inclusive_tax) == (rate, discount, prices_include_tax == "yes")
    assert [(tax.name, str(tax.amount)) for tax in line.taxes] == [("VAT 19%", "7.18")]
    net = 0 if invoice.is_inclusive_tax else line.taxes[0].amount
    assert 2 * line.rate - line.discount + net == invoice.control_total


def test_what_an_app_of_wix_tells_of_another_site_is_ignored():
    source = SOURCES["wix"].with_options({"instance_id": "1e6dbd5e-8b6a-4b3b-9a6f-000000000002"})

    assert source.identify(example("wix/paid_order").received).ignored == "it is another site's"


def test_the_subscriber_of_medusa_counts_in_the_units_that_its_mapping_reads():
    written = DECIMALS_OF_MEDUSA.findall((BUILT_IN / "medusa" / "bookhook.ts").read_text())
    decimals = {code: int(places) for places, codes in written for code in codes.split()}

    assert decimals["JPY"] == 0
    assert {code: decimals.get(code, 2) for code in CODES | set(decimals)} == {
        code: minor_decimals(code) for code in CODES | set(decimals)
    }

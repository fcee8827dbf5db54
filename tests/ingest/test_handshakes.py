"""Requests that are answered and recorded nowhere, through the front door: challenges, registrations, pings."""

import hmac
import json
from urllib.parse import urlencode

import pytest
import yaml

from cli.deployment import read_deployment
from config.problems import ConfigError
from ingest.app import create_app
from ingest.door import Door
from ingest.intake import Intake
from ingest.schemes import Request, make_scheme
from ingest.spool import Spool
from tests.scene import SOURCES

SECRET = "app-secret-" + "0" * 54
# developer.shopware.com/docs/guides/plugins/apps/app-base-guide: registration, then confirmation
SHOPWARE = """
verify: {scheme: hmac, header: shopware-shop-signature, digest: sha256, encoding: hex}
options: {app: {meaning: the name of the app, default: Bookhook}}
handshakes:
  - method: GET
    when: query('shop-id')
    verify:
      {scheme: url_hmac, template: "{query}", header: shopware-app-signature, digest: sha256, encoding: hex}
    json:
      proof: "{hmac(join('', [query('shop-id'), query('shop-url'), option('app')]), 'hex')}"
      secret: "{secret()}"
      confirmation_url: "{address()}"
  - when: apiKey && secretKey
    text: ""
"""
# github.com/AdobeDocs/adobe-io-events, src/pages/guides/index.md: the challenge request
ADOBE = """
verify: {scheme: path_token}
handshakes:
  - {method: GET, when: query('challenge'), signed: false, json: {challenge: "{query('challenge')}"}}
"""
# developers.zoom.us/docs/api/webhooks: a challenge with a computed answer
ZOOM = """
verify: {scheme: slack}
handshakes:
  - when: event == 'endpoint.url_validation'
    json: {plainToken: "{payload.plainToken}", encryptedToken: "{hmac(payload.plainToken, 'hex')}"}
"""


@pytest.fixture
def deploy(environ, tmp_path):
    """A deployment of one source with these parts of a mapping."""

    def make(parts: str, secret: str = SECRET, **changes: str):
        folder = tmp_path / "sources" / "shop"
        folder.mkdir(parents=True, exist_ok=True)
        mapping = yaml.safe_load(parts)
        mapping["verify"]["secret"] = "SHOP_WEBHOOK_SECRET"
        events = {"paid": {"once_per": "order:{id}", "cancel": {"date": "date(day)"}}}
        mapping |= {"source": "shop", "identify": {"topic": "'sale'"}, "events": events}
        (folder / "mapping.yaml").write_text(yaml.safe_dump(mapping))
        others = {"BOOKHOOK_CONNECTIONS": "", **{source.setting: "" for source in SOURCES.values()}}
        own = {"BOOKHOOK_SOURCES": str(folder.parent), "SHOP_WEBHOOK_SECRET": secret}
        return read_deployment({**environ, **others, **own, **changes})

    return make


@pytest.fixture
def client_of(ledger, clock, tmp_path):
    def make(deployment):
        door = Door(deployment.configured, deployment.connections, deployment.settings.public_url)
        intake = Intake(ledger, Spool(tmp_path / "spool"))
        return create_app(door, intake, max_body_bytes=10_000, clock=clock).test_client()

    return make


def digest(text: str, secret: str = SECRET) -> str:
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex()


def test_a_shopware_shop_registers_and_its_webhooks_are_genuine_from_then_on(deploy, client_of, ledger):
    client = client_of(deploy(SHOPWARE))
    query = urlencode({"shop-id": "S1", "shop-url": "https://shop.example", "timestamp": "1780000000"})

    told = client.get(f"/hooks/shop?{query}", headers={"shopware-app-signature": digest(query)})
    forged = client.get(f"/hooks/shop?{query}&x=1", headers={"shopware-app-signature": digest(query)})
    unsigned = client.get(f"/hooks/shop?{query}")

    assert told.json == {
        "proof": digest("S1https://shop.exampleBookhook"),
        "secret": SECRET,
        "confirmation_url": "https://hooks.example.com/hooks/shop",
    }
    assert (forged.status_code, unsigned.status_code) == (401, 401)
    assert SECRET not in forged.text + unsigned.text

    body = json.dumps({"apiKey": "a", "secretKey": "b", "shopId": "S1", "timestamp": "1"})
    signed = {"shopware-shop-signature": digest(body, told.json["secret"])}
    confirmed = client.post("/hooks/shop", data=body, headers=signed, content_type="application/json")
    assert (confirmed.status_code, confirmed.data) == (200, b"")
    assert client.post("/hooks/shop", data=body, content_type="application/json").status_code == 401
    assert list(ledger.events.list()) == []


def test_a_challenge_in_the_query_is_echoed_and_nothing_else_is_got(deploy, client_of):
    token = "4f1c2f0e9d7b6a58_-4f1c2f0e"
    client = client_of(deploy(ADOBE, token))

    told = client.get(f"/hooks/shop/{token}?challenge=8ec8d794-e0ab&x=1")

    assert (told.status_code, told.json) == (200, {"challenge": "8ec8d794-e0ab"})
    assert told.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/hooks/shop", f"/hooks/shop/{token}?x=1", "/hooks/shop?" + "a=1&" * 200 + "challenge=x"):
        refused = client.get(path)
        assert (refused.status_code, refused.json["error"]["code"]) == (405, "method_not_allowed")
    assert client.get("/hooks/nobody?challenge=x").status_code == 404
    assert client.head("/hooks/shop").status_code == 405


def test_a_challenge_may_want_a_computed_answer(deploy, client_of, clock):
    deployment = deploy(ZOOM)
    body = b'{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}'
    scheme = make_scheme(deployment.sources["shop"].verify)
    request = scheme.sign(Request(body, {}), SECRET, message_id="", timestamp=int(clock()))
    client = client_of(deployment)

    told = client.post("/hooks/shop", data=body, headers=dict(request.headers), content_type="application/json")
    unsigned = client.post("/hooks/shop", data=body, content_type="application/json")

    token = "qgg8vlvZRS6UYooatFL8Aw"
    assert told.json == {"plainToken": token, "encryptedToken": digest(token)}
    assert unsigned.status_code == 401


def test_an_answer_with_the_address_needs_to_know_it(deploy):
    with pytest.raises(ConfigError, match="BOOKHOOK_PUBLIC_URL is not set, but shop signs or asks for its address"):
        deploy(SHOPWARE, BOOKHOOK_PUBLIC_URL="")


def test_a_handshake_by_get_is_none_by_post(deploy, client_of):
    client = client_of(deploy(ADOBE, "4f1c2f0e9d7b6a58_-4f1c2f0e"))

    assert client.post("/hooks/shop?challenge=x", data=b"{}").status_code == 401

"""What each scheme proves, through the front door of a deployment with a source of its own."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient

from cli.deployment import Deployment, read_deployment
from config.problems import ConfigError
from ingest.app import create_app
from ingest.door import Door
from ingest.intake import Intake
from ingest.schemes import Request
from ingest.spool import Spool
from mappings.examples import compact
from tests.ingest.key_pairs import pair, private_pem
from tests.ingest.senders import ALL, PLATFORMS, TOKEN, Sent
from tests.scene import SOURCES, example

MAPPING = {
    "accepts": ["application/json"],
    "identify": {"topic": "'sale'"},
    "events": {"paid": {"once_per": "order:{id}", "cancel": {"date": "date(day)"}}},
}
PRIVATE = private_pem(pair("ours"))
BY_KEY_PAIR = [Sent(name, PRIVATE, b'{"id":1}', {}) for name in ("adobe commerce", "adobe events", "saleor", "wix")]
every = pytest.mark.parametrize(
    "sent", [*(each for each in ALL if each.method == "POST"), *BY_KEY_PAIR], ids=lambda sent: sent.platform
)
Deploy = Callable[..., Deployment]


@pytest.fixture
def deploy(environ, tmp_path) -> Deploy:
    """A deployment with a source `shop` that proves itself as the platform does."""

    def make(platform: str, secret: str, **changes: str) -> Deployment:
        folder = tmp_path / "sources" / "shop"
        folder.mkdir(parents=True, exist_ok=True)
        verify: Mapping[str, Any] = {**PLATFORMS[platform], "secret": "SHOP_WEBHOOK_SECRET"}
        shape = {"body": "jwt"} if platform == "wix" else {}
        (folder / "mapping.yaml").write_text(yaml.safe_dump({"source": "shop", "verify": verify, **MAPPING, **shape}))
        added = {"BOOKHOOK_SOURCES": str(folder.parent), "SHOP_WEBHOOK_SECRET": secret, **changes}
        others = {"BOOKHOOK_CONNECTIONS": "", **{source.setting: "" for source in SOURCES.values()}}
        return read_deployment({**environ, **others, **added})

    return make


@pytest.fixture
def client_of(ledger, clock, tmp_path) -> Callable[[Deployment], FlaskClient]:
    def make(deployment: Deployment) -> FlaskClient:
        door = Door(deployment.configured, deployment.connections, deployment.settings.public_url)
        intake = Intake(ledger, Spool(tmp_path / "spool"))
        return create_app(door, intake, max_body_bytes=10_000, clock=clock).test_client()

    return make


def signed(sent: Sent, deployment: Deployment, now: float, *, secret: str | None = None) -> Request:
    url = f"{deployment.settings.public_url}/hooks/shop"
    headers = {"Content-Type": "application/json"}
    request = Request(sent.body, headers, url=url)
    return sent.scheme.sign(request, secret or sent.secret, message_id="msg_1", timestamp=int(now))


def post(client: FlaskClient, request: Request):
    return client.post(request.target("shop"), data=request.body, headers=dict(request.headers))


@every
def test_a_genuine_request_is_recorded_without_what_proved_it(sent, deploy, client_of, ledger, clock, logged):
    deployment = deploy(sent.platform, f"{sent.scheme.new_secret()},{sent.secret}")
    request = signed(sent, deployment, clock())

    answer = post(client_of(deployment), request)

    assert answer.json["status"] in ("ignored", "queued")
    event = ledger.events.get(answer.json["event_id"])
    assert event.body == request.body
    assert event.event_id in logged()
    kept = f"{event.headers} {ledger.events.timeline(event.event_id)} {logged()}"
    assert sent.secret not in kept
    assert set(event.headers).isdisjoint({"authorization", "x-auth-token"})


@every
def test_what_is_not_genuine_is_refused_and_not_recorded(sent, deploy, client_of, ledger, clock):
    deployment = deploy(sent.platform, sent.secret)
    client = client_of(deployment)

    unsigned = post(client, Request(b"" if sent.platform == "wix" else b"{}", {"Content-Type": "application/json"}))
    forged = post(client, signed(sent, deployment, clock(), secret=sent.scheme.new_secret()))

    assert (unsigned.status_code, unsigned.json["error"]["code"]) == (401, "missing_signature")
    assert (forged.status_code, forged.json["error"]["code"]) == (401, "bad_signature")
    assert list(ledger.events.list()) == []


def test_only_a_connection_that_takes_a_token_has_an_address_below_its_own(deploy, client_of):
    client = client_of(deploy("salesforce", TOKEN))

    for path in (f"/hooks/shop/{TOKEN}/more", f"/hooks/nobody/{TOKEN}"):
        answer = client.post(path, data=b"{}")
        assert answer.status_code == 404
        assert TOKEN not in answer.text
    assert client.post(f"/hooks/shop/{TOKEN}", data=b"{}", content_type="application/json").status_code == 200


def test_a_genuine_request_below_the_address_of_a_connection_is_none_of_its_own(deploy, client_of, clock):
    [sent] = [each for each in ALL if each.platform == "shopify"]
    deployment = deploy("shopify", sent.secret)
    request = signed(sent, deployment, clock())._replace(token=TOKEN)

    answer = post(client_of(deployment), request)

    assert (answer.status_code, answer.json["error"]["code"]) == (404, "unknown_connection")
    assert TOKEN not in answer.text


def test_the_signed_address_is_ours_whatever_the_request_says_of_its_host(deploy, client_of, clock):
    [sent, *_] = [each for each in ALL if each.platform == "square"]
    deployment = deploy("square", sent.secret, BOOKHOOK_PUBLIC_URL="https://hooks.example.com/base/")
    url = "https://hooks.example.com/base/hooks/shop?a=%20b"
    request = sent.scheme.sign(Request(b"{}", {}, url=url), sent.secret, message_id="", timestamp=0)
    headers = {**request.headers, "Host": "evil.example", "X-Forwarded-Host": "evil.example"}

    answer = client_of(deployment).post(
        "/hooks/shop?a=%20b", data=b"{}", headers=headers, content_type="application/json"
    )

    assert answer.status_code == 200


def test_a_scheme_that_signs_the_address_needs_to_be_told_it(deploy):
    with pytest.raises(ConfigError, match="BOOKHOOK_PUBLIC_URL is not set, but shop signs or asks for its address"):
        deploy("square", "hush", BOOKHOOK_PUBLIC_URL="")

    assert deploy("shopify", "hush", BOOKHOOK_PUBLIC_URL="").settings.public_url == ""


def test_a_secret_of_the_wrong_form_is_told_at_start_without_quoting_it(deploy):
    with pytest.raises(ConfigError) as refused:
        deploy("squarespace", "not hex at all")

    assert list(refused.value.problems) == [
        "SHOP_WEBHOOK_SECRET: each secret must be hex: digits and the letters a to f, two for each byte"
    ]


def test_credentials_that_nobody_asked_for_are_not_kept_either(hooks, worker):
    order = example("shopify/paid_order")
    headers = {**order.headers, "Authorization": "Basic c2VjcmV0", "Cookie": "session=1"}
    answer = hooks.deliver(type(order)(order.source, order.case, order.body, headers, order.expected))

    kept = worker.event(answer.json["event_id"]).headers
    assert {"authorization", "cookie"}.isdisjoint(kept)
    assert kept["x-shopify-topic"] == "orders/paid"


SOAP = """\
source: shop
accepts: [text/xml]
xml_lists: [Notification]
verify: {scheme: path_token, secret: SHOP_WEBHOOK_SECRET}
reply:
  queued: &ack
    status: 200
    xml: <notificationsResponse><Ack>true</Ack></notificationsResponse>
  duplicate: *ack
  ignored: *ack
each_event: notifications.Notification
identify: {topic: "'won'", delivery: Id}
events:
  won:
    ignore_if: sObject.IsWon != 'true'
    once_per: "deal:{sObject.Id}"
    expense:
      date: "'2026-03-14'"
      amount: money(sObject.Amount)
      currency_code: "'USD'"
      account_name: "'Travel Expense'"
"""
NOTIFICATION = (
    "<Notification><Id>n{0}</Id><sObject><Id>d{0}</Id><IsWon>{1}</IsWon><Amount>9.50</Amount></sObject></Notification>"
)
WON = ((1, "true"), (2, "false"))
ACK = "<notificationsResponse><Ack>true</Ack></notificationsResponse>"


def test_notifications_by_soap_are_recorded_one_by_one_and_acknowledged_together(environ, tmp_path, client_of, ledger):
    folder = tmp_path / "sources" / "shop"
    folder.mkdir(parents=True)
    (folder / "mapping.yaml").write_text(SOAP)
    own = {"BOOKHOOK_SOURCES": str(folder.parent), "SHOP_WEBHOOK_SECRET": TOKEN}
    deployment = read_deployment({**environ, **own})
    client = client_of(deployment)
    parts = "".join(NOTIFICATION.format(*each) for each in WON)
    envelope = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{}</e:Body></e:Envelope>'
    body = envelope.format(f"<notifications>{parts}</notifications>").encode()

    answers = [client.post(f"/hooks/shop/{TOKEN}", data=body, content_type="text/xml") for _ in range(2)]
    unreadable = client.post(f"/hooks/shop/{TOKEN}", data=b"<", content_type="text/xml")
    wrong = client.post("/hooks/shop/" + "x" * 20, data=body, content_type="text/xml")

    assert [(answer.status_code, answer.text) for answer in (*answers, unreadable)] == [(200, ACK)] * 3
    assert answers[0].headers["Content-Type"] == "text/xml; charset=utf-8"
    assert wrong.status_code == 401
    recorded = {(event.state, event.body) for event in map(ledger.events.get, ids(ledger))}
    opportunities = [{"Id": f"n{n}", "sObject": {"Id": f"d{n}", "IsWon": won, "Amount": "9.50"}} for n, won in WON]
    first, second = (compact(each).encode() for each in opportunities)
    assert recorded == {("queued", first), ("ignored", second), ("queued", b"<")}


def ids(ledger) -> list[str]:
    return [event.event_id for event in ledger.events.list()]

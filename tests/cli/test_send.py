"""`bookhook send --set`: another body is another delivery."""

import base64
import hashlib
import hmac
import shutil

import pytest
import requests

from cli.examples import as_new_delivery, sign
from mappings import BUILT_IN, load_sources
from tests.ingest.key_pairs import pair, public_pem
from tests.scene import SOURCES, example, two_secrets


@pytest.mark.parametrize(
    ("name", "header"),
    [("shopify/paid_order", "X-Shopify-Event-Id"), ("standard/order", "webhook-id"), ("woocommerce/paid_order", None)],
)
def test_the_header_that_tells_a_repeated_delivery_is_left_out_and_no_other(name, header):
    sent = example(name)

    headers = as_new_delivery(SOURCES[sent.source], sent).headers

    assert set(sent.headers) - set(headers) == ({header} if header else set())


def test_a_signed_delivery_id_is_made_of_the_new_body():
    source = SOURCES["standard"]
    one, other = (as_new_delivery(source, example("standard/order").with_fields({"note": note})) for note in "ab")

    ids = [sign(source, each, two_secrets(source)[0], timestamp=1).headers["webhook-id"] for each in (one, other, one)]

    assert ids[0] == ids[2] != ids[1]
    assert example("standard/order").headers["webhook-id"] not in ids


def test_every_header_that_may_stand_in_for_another_is_left_out(tmp_path):
    shutil.copytree(BUILT_IN / "shopify", tmp_path / "shopify")
    mapping = tmp_path / "shopify" / "mapping.yaml"
    either = "header('X-Shopify-Event-Id') || header('X-Shopify-Webhook-Id')"
    mapping.write_text(mapping.read_text().replace("header('X-Shopify-Event-Id')", either))

    headers = as_new_delivery(load_sources(tmp_path)["shopify"], example("shopify/paid_order")).headers

    assert not {"X-Shopify-Event-Id", "X-Shopify-Webhook-Id"} & set(headers)
    assert headers["X-Shopify-Topic"] == "orders/paid"


def test_a_changed_example_is_queued_beside_the_first_one(hooks, worker, sandbox):
    first = example("shopify/paid_order")
    second = as_new_delivery(SOURCES["shopify"], first.with_fields({"id": "777", "name": "#2002"}))

    answers = [hooks.deliver(each).json["status"] for each in (first, second, second)]
    worker.drain()

    assert answers == ["queued", "queued", "duplicate"]
    assert sorted(invoice["reference_number"].split()[0] for invoice in sandbox.invoices) == ["#1001", "#2002"]


SIGNED_BY_KEY_PAIR = """\
source: shop
verify: {scheme: jws_detached, header: X-Signature, secret: SHOP_PUBLIC_KEY}
identify: {topic: type}
events: {paid: {once_per: "{id}", cancel: {date: day}}}
"""


def test_what_only_the_sender_can_sign_is_told(run, environ, tmp_path):
    folder = tmp_path / "sources" / "shop"
    (folder / "examples").mkdir(parents=True)
    (folder / "mapping.yaml").write_text(SIGNED_BY_KEY_PAIR)
    (folder / "examples" / "sale.request.json").write_text('{"body": {"type": "paid"}}')
    (folder / "examples" / "sale.expected.json").write_text("{}")
    key = public_pem(pair("ours"))

    told = run("send", "shop/sale", env={**environ, "BOOKHOOK_SOURCES": str(folder.parent), "SHOP_PUBLIC_KEY": key})

    assert told.exit_code == 1
    assert "shop/sale cannot be signed: the secret holds only a public key" in told.stderr


@pytest.mark.parametrize("words", ["shopify", "shopify/", "shopify/no_such"])
def test_without_a_case_it_is_said_which_there_are(run, words):
    result = run("send", words)

    assert result.exit_code == 2
    assert "documented_order" in result.stderr
    assert "''" not in result.stderr


CONNECTIONS = """
connections:
  shop-eu: {source: shopify, secret: EUROPE_SECRET}
  squared: {source: square, secret: SQUARED_SECRET, public_url: "https://eu.example"}
"""


@pytest.fixture
def sending(run, environ, tmp_path, monkeypatch):
    """Runs the command in a deployment of these connections; what is posted is kept and accepted."""
    (tmp_path / "connections.yaml").write_text(CONNECTIONS)
    secrets = {
        "EUROPE_SECRET": "made-in-europe",
        "SQUARED_SECRET": "square",
        "BOOKHOOK_CONNECTIONS": "connections.yaml",
    }
    unset = ("SHOPIFY_WEBHOOK_SECRET", "ECWID_WEBHOOK_SECRET")
    env = {name: text for name, text in environ.items() if name not in unset}
    posted = []

    def post(self, url, data, headers, **_options):
        posted.append((url, data, headers))
        answer = requests.Response()
        answer.status_code, answer._content = 202, b""
        return answer

    monkeypatch.setattr(requests.Session, "post", post)
    return lambda name: (run("send", name, env={**dict.fromkeys(environ), **env, **secrets}), posted)


def mac(secret: str, content: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), content, hashlib.sha256)).decode()


def test_an_example_goes_to_a_connection_of_another_name_signed_with_its_secret(sending):
    result, [(url, body, headers)] = sending("shop-eu/paid_order")

    assert result.exit_code == 0
    assert url == "http://127.0.0.1:8000/hooks/shop-eu"
    assert body == example("shopify/paid_order").body
    assert headers["X-Shopify-Hmac-SHA256"] == mac("made-in-europe", body)


def test_the_address_that_is_signed_is_the_connections(sending):
    _, [(url, body, headers)] = sending("squared/paid_order")

    assert url == "http://127.0.0.1:8000/hooks/squared"
    assert headers["X-Square-HmacSha256-Signature"] == mac("square", b"https://eu.example/hooks/squared" + body)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "shopify/paid_order",
            "no connection 'shopify' to sign for; of this source there are shop-eu. Give one of these",
        ),
        ("shop-us/paid_order", "There is no source 'shop-us'; there are"),
        ("shop-us/paid_order", "There are the connections shop-eu, squared, too."),
        ("shop-eu/none", "shop-eu has no example 'none'; it has"),
        ("shop-eu", "Which example of shop-eu? Give shop-eu/CASE"),
        ("ecwid/paid_order", "ECWID_WEBHOOK_SECRET is not set, so there is no connection 'ecwid' to sign for."),
    ],
)
def test_a_name_that_is_nothing_to_send_to_is_told_with_what_there_is(sending, name, told):
    result, posted = sending(name)

    assert (result.exit_code, posted) == (2, [])
    assert told in " ".join(result.stderr.split())

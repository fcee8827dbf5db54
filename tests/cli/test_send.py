"""`bookhook send --set`: another body is another delivery."""

import shutil

import pytest

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

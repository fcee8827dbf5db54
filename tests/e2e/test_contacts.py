"""Several worker processes and one new buyer."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import requests

from cli.send import deliver
from ledger.ledger import Ledger
from tests.e2e.conftest import until
from tests.scene import SOURCES, example, two_secrets

ORDER = example("shopify/paid_order")
SHOPIFY = SOURCES["shopify"]


def order(number):
    headers = {name: value for name, value in ORDER.headers.items() if "Id" not in name}
    body = {**json.loads(ORDER.body), "id": number, "name": f"#{number}"}
    return replace(ORDER, body=json.dumps(body).encode(), headers=headers)


def test_fifty_orders_of_one_new_buyer_with_a_namesake_make_one_contact(processes, redis, sandbox):
    namesake = {"contact_name": "Mara Lindqvist", "contact_persons": [{"email": "another.mara@example.com"}]}
    sandbox.keep_books("POST", "/contacts", namesake)
    url = processes.start_web()
    for _ in range(3):
        processes.start("worker", "--threads", "3")

    with requests.Session() as session, ThreadPoolExecutor(10) as pool:
        secret = two_secrets(SHOPIFY)[0]
        list(pool.map(lambda number: deliver(session, url, SHOPIFY, order(number), secret=secret), range(1, 51)))
    until(lambda: Ledger(redis).events.backlog("10000001") == 0, "every event has ended")

    assert Ledger(redis).events.counts()["posted"] == 50
    assert [contact["contact_name"] for contact in sandbox.contacts] == [
        "Mara Lindqvist",
        "Mara Lindqvist (mara.lindqvist@example.com)",
    ]
    assert [invoice["customer_id"] for invoice in sandbox.invoices] == [sandbox.contacts[1]["contact_id"]] * 50

"""Lives of orders through the door and the worker: the books end as the platform says."""

from decimal import Decimal
from random import Random

import pytest

from tests.platforms import shopify_life, standard, woocommerce
from tests.platforms.shop import ZERO, Figures
from tests.scene import example

MODELS = {"shopify": shopify_life.Life, "woocommerce": woocommerce.Life, "standard": standard.Life}
LIVES = 12
STEPS = ("pay", "pay_part", "touch", "refund_lines", "refund_amount", "remove_pieces")
DONE = ("posted", "ignored")


def figures_of(sandbox, currency_code: str) -> Figures:
    """What the books say."""
    records = sandbox.records()
    invoices = [Decimal(str(each["total"])) for each in records["invoices"] if each["status"] != "void"]
    credited = [Decimal(str(each["total"])) for each in records["creditnotes"] if each["status"] != "void"]
    payments = [Decimal(str(each["amount"])) for each in records["customerpayments"]]
    refunds = [Decimal(str(back["amount"])) for each in records["creditnotes"] for back in each["refunds"]]
    charged = sum(invoices, ZERO) - sum(credited, ZERO)
    return Figures(currency_code, charged, sum(payments, ZERO), sum(refunds, ZERO))


def life_of(platform: str, seed: int):
    """A life whose order sells no gift card: the books of the tests have no account for those."""
    draw = Random(f"{platform} at the door {seed}")
    while True:
        life = MODELS[platform](draw, seed + 1)
        lines = life.order.lines
        if not any(getattr(each, "gift_card", False) or getattr(each, "kind", "") == "gift_card" for each in lines):
            return draw, life


@pytest.mark.parametrize("seed", range(LIVES))
@pytest.mark.parametrize("platform", MODELS)
def test_the_books_end_as_the_platform_says(platform, seed, hooks, worker, sandbox):
    draw, life = life_of(platform, seed)
    sent = life.create()
    for _ in range(draw.randint(1, 4)):
        sent += getattr(life, draw.choice([each for each in STEPS if hasattr(life, each)]))()
    if seed % 3 == 0:
        sent += life.cancel()
    for number, webhook in enumerate(sent):
        hooks.deliver(webhook.example(f"sent{number}"))
        worker.drain()

    unfinished = [each for each in worker.desk.ledger.events.list() if each.state not in DONE]
    assert [(each.topic, each.state, each.error) for each in unfinished] == []
    assert figures_of(sandbox, life.figures.currency_code) == life.figures


@pytest.mark.parametrize("platform", ["shopify", "woocommerce"])
def test_an_order_that_is_cancelled_before_anything_was_paid_leaves_the_books_alone(platform, hooks, worker, sandbox):
    _, life = life_of(platform, 77)
    for webhook in life.cancel():
        if webhook.topic != "orders/create":
            hooks.deliver(webhook.example())
            worker.drain()

    assert {each.state for each in worker.desk.ledger.events.list()} == {"ignored"}
    assert sandbox.records()["invoices"] == []


@pytest.mark.parametrize(
    ("name", "total"), [("shopify/documented_order", "598.94"), ("woocommerce/documented_order", "29.35")]
)
def test_a_documented_order_whose_taxes_are_not_those_of_its_rate_is_parked_and_nothing_is_sent(
    name, total, hooks, worker, sandbox
):
    hooks.deliver(example(name))
    worker.drain()

    event = worker.only_event()
    assert (event.state, event.error.code) == ("parked", "total_differs")
    assert total in event.error.message
    assert sandbox.records()["invoices"] == []
    assert sandbox.records()["contacts"] == []

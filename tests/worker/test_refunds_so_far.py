"""Refunds of a sender that tells only what was refunded until now."""

import shutil
from decimal import Decimal

import pytest

from mappings import BUILT_IN
from tests.orders import Figures, Order, figures

OF_ONE = 'once_per: "refund:{data.id}"'
SO_FAR = """once_per: "refund:{data.order_id}"
      is_so_far: "`true`\""""


@pytest.fixture
def environ(environ, tmp_path):
    """The standard sender, whose refunds tell what was refunded until now."""
    folder = shutil.copytree(BUILT_IN / "standard", tmp_path / "sources" / "standard")
    mapping = (folder / "mapping.yaml").read_text()
    assert OF_ONE in mapping
    (folder / "mapping.yaml").write_text(mapping.replace(OF_ONE, SO_FAR))
    return {**environ, "BOOKHOOK_SOURCES": str(folder.parent)}


@pytest.fixture
def order(hooks):
    order = Order(hooks)
    order.completed()
    order.paid("100.00")
    return order


def books(sandbox, order):
    return figures(sandbox.records(), order.order_id)


def credits(sandbox):
    return [Decimal(note["total"]) for note in sandbox.creditnotes]


def test_only_what_is_not_credited_yet_is_credited_and_paid_back(order, worker, sandbox):
    for told in ("30.00", "45.00", "100.00"):
        order.refunded(told, refund_id=told)
        worker.drain()

    assert sorted(credits(sandbox)) == [15, 30, 55]
    assert books(sandbox, order) == Figures(*map(Decimal, ("0", "0", "0", "0")))


@pytest.mark.parametrize("later", ["45.00", "20.00"])
def test_the_same_again_or_less_than_before_credits_nothing_more(order, later, worker, sandbox):
    order.refunded("45.00", refund_id="1")
    worker.drain()
    again = order.refunded(later, refund_id="2")
    worker.drain()

    assert credits(sandbox) == [45]
    assert worker.event(again).state == "posted"


def test_of_a_cancelled_order_what_went_back_is_paid_out_of_its_credit_part_by_part(order, worker, sandbox):
    order.cancelled()
    worker.drain()
    for told in ("60.00", "75.00"):
        order.refunded(told, refund_id=told)
        worker.drain()

    assert credits(sandbox) == [100]
    assert books(sandbox, order) == Figures(*map(Decimal, ("0", "25", "0", "25")))


def test_a_part_that_was_credited_but_not_paid_back_yet_is_paid_back_later(order, worker, sandbox, clock):
    order.refunded("30.00")
    sandbox.fault(on="POST /creditnotes/:id/refunds", times=1, do="answer_429_1070")
    worker.drain()
    assert books(sandbox, order).credit == 30

    clock.advance(3600)
    worker.drain()

    assert credits(sandbox) == [30]
    assert books(sandbox, order) == Figures(*map(Decimal, ("70", "70", "0", "0")))


@pytest.mark.parametrize(
    "beside", [{"paid_back": "10.00"}, {"lines": [{"name": "Delivery", "quantity": 1, "unit_price": "30.00"}]}]
)
def test_what_is_not_known_of_a_sum_is_refused_beside_it(order, beside, worker):
    event_id = order.refunded("30.00", **beside)
    worker.drain()

    assert worker.event(event_id).error.field == "refunds[0].is_so_far"

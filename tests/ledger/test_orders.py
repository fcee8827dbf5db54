"""What is known of an order: who works on it, whether it is off, what belongs to it, who waits for it."""

import pytest

from errors import Busy

ORDER = "shop/order:1"


@pytest.fixture
def orders(ledger):
    return ledger.orders


def test_an_order_is_one_workers_at_a_time(orders):
    with orders.locked(ORDER, "mine"):
        with pytest.raises(Busy), orders.locked(ORDER, "another's"):
            pass
        assert orders.is_held(ORDER, "mine")
        assert not orders.is_held(ORDER, "another's")

    assert not orders.is_held(ORDER, "mine")
    with orders.locked(ORDER, "another's"):
        assert orders.is_held(ORDER, "another's")


def test_whoever_lost_an_order_does_not_give_up_the_lease_of_its_successor(orders, redis):
    with orders.locked(ORDER, "slow"):
        redis.set(f"bh:lease:order:{ORDER}", "quick")  # as if the lease had ended, and another had come

    assert orders.is_held(ORDER, "quick")


def test_the_lease_on_an_order_is_renewed_with_the_others(ledger, redis):
    with ledger.orders.locked(ORDER, "mine"):
        redis.pexpire(f"bh:lease:order:{ORDER}", 1_000)
        ledger.leases.renew()

        assert redis.pttl(f"bh:lease:order:{ORDER}") > 1_000


@pytest.mark.parametrize(
    ("told", "is_cancelled"),
    [
        ([(True, 1.0)], True),
        ([(True, 1.0), (False, 2.0)], False),
        ([(False, 2.0), (True, 1.0)], False),
        ([(True, 2.0), (False, 1.0)], True),
        ([(False, 2.0), (True, 2.0)], True),
        ([], False),
    ],
)
def test_the_newest_version_says_whether_an_order_is_cancelled(orders, told, is_cancelled):
    for cancelled, version in told:
        with orders.locked(ORDER, "mine", told=(cancelled, version)):
            pass

    with orders.locked(ORDER, "mine") as held:
        assert held.is_cancelled is is_cancelled


def test_the_payments_and_credit_notes_of_an_order_are_listed_once_each(orders):
    for key in ("shop/payment/payment:2", "shop/payment/payment:1", "shop/payment/payment:2"):
        orders.add_payment(ORDER, key)
    orders.add_credit(ORDER, "shop/credit_note/refund:5")

    assert orders.payments(ORDER) == ["shop/payment/payment:1", "shop/payment/payment:2"]
    assert orders.credits(ORDER) == ["shop/credit_note/refund:5"]
    assert orders.payments("shop/order:2") == []

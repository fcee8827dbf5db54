"""An event that names its order only by what its sender's API answers: a refund that knows no more than its payment."""

import pytest

from tests.scene import example

ORDER = "order:in_1TAx21LkdIwHu7ixHarbour"


@pytest.fixture
def deliver(hooks):
    """Delivers an example; gives the id of its event."""
    return lambda case: hooks.deliver(example(case)).json["event_id"]


def test_it_belongs_to_its_order_whichever_comes_first(deliver, worker, sandbox):
    refund = deliver("stripe/refund_of_invoice")
    worker.drain()
    assert (worker.event(refund).state, sandbox.creditnotes) == ("waiting", [])

    deliver("stripe/subscription_invoice")
    worker.drain()

    assert worker.event(refund).state == "posted"
    assert [note["total"] for note in sandbox.creditnotes] == [10.00]


def test_the_ledger_learns_which_order_it_is_about(deliver, worker):
    refund = deliver("stripe/refund_of_invoice")
    assert worker.event(refund).order is None

    worker.drain()

    assert worker.event(refund).order == ORDER

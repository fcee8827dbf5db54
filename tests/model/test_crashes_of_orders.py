"""A crash between any two effects of what follows an invoice: each thing is done once, and the books say the same."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from config.options import ConnectionOptions, InvoiceOptions
from tests.model.dangers import Story, stop_everywhere
from tests.model.effects import Unlucky, Victim
from tests.model.world import EXPENSE_ENDS, Ending, World, expense_with_receipt
from tests.orders import Figures, Order

EMAILING = ConnectionOptions(invoices=InvoiceOptions(email=True))


def after(*, before: Callable[[Order], object] | None = None, then: Callable[[Order], object]):
    """An order is invoiced, what was `before` is done, and `then` comes."""

    def prepare(world: World, tag: str) -> None:
        order = Order(world.hooks, order_id=tag)
        order.completed()
        world.drain(world.worker())
        if before is not None:
            before(order)
            world.drain(world.worker())
        then(order)

    return prepare


def cancelled_when_paid_in_part(order: Order) -> None:
    order.paid("40.00")
    order.cancelled()


def paid_and_refunded_in_part(order: Order) -> None:
    order.paid("100.00")
    order.refunded("30.00", paid_back="10.00")


def deliver_order_to_be_emailed(world: World, tag: str) -> None:
    world.options["standard"] = EMAILING
    Order(world.hooks, order_id=tag).completed()


def books(*amounts: str) -> Figures:
    return Figures(*map(Decimal, amounts))


def ending(*amounts: str, payments: int = 0, credit_notes: int = 0, emails: int = 0) -> Ending:
    return Ending(books=books(*amounts), payments=payments, credit_notes=credit_notes, emails=emails)


PAYMENT = Story(
    "a payment",
    after(then=lambda order: order.paid("100.00")),
    {"lock_order", "POST /invoices/:id/status/sent", "POST /customerpayments", "finish"},
    ending("100", "100", "0", "0", payments=1),
)
REFUND = Story(
    "a refund of a paid order",
    after(before=lambda order: order.paid("100.00"), then=lambda order: order.refunded("30.00")),
    {"SADD", "POST /creditnotes", "POST /creditnotes/:id/refunds", "finish"},
    ending("70", "70", "0", "0", payments=1, credit_notes=1),
)
PAID_BACK_MORE = Story(
    "a refund of which more is paid back",
    after(before=paid_and_refunded_in_part, then=lambda order: order.refunded("30.00", paid_back="30.00")),
    {"POST /creditnotes/:id/refunds", "finish"},
    ending("70", "70", "0", "0", payments=1, credit_notes=1),
)
REDUCTION = Story(
    "what is taken off an unpaid order",
    after(then=lambda order: order.refunded("30.00", paid_back="0")),
    {"POST /creditnotes", "POST /creditnotes/:id/invoices", "finish"},
    ending("70", "0", "70", "0", credit_notes=1),
)
VOID = Story(
    "the cancellation of an unpaid order",
    after(then=lambda order: order.cancelled()),
    {"lock_order", "POST /invoices/:id/status/void", "finish"},
    ending("0", "0", "0", "0"),
)
CREDITED = Story(
    "the cancellation of an order that was paid in part",
    after(before=lambda order: order.paid("40.00"), then=lambda order: order.cancelled()),
    {"POST /creditnotes", "POST /creditnotes/:id/invoices", "finish"},
    ending("0", "40", "0", "40", payments=1, credit_notes=1),
)
RESTORED = Story(
    "a payment of a void invoice",
    after(before=lambda order: order.cancelled(), then=lambda order: order.paid("100.00")),
    {"POST /invoices/:id/status/draft", "POST /customerpayments", "POST /creditnotes", "finish"},
    ending("0", "100", "0", "100", payments=1, credit_notes=1),
)
MADE_ROOM = Story(
    "a late payment of a credited invoice",
    after(before=cancelled_when_paid_in_part, then=lambda order: order.paid("60.00", "2")),
    {"DELETE /creditnotes/:id/invoices/:id", "begin_anew", "POST /customerpayments", "finish"},
    ending("0", "100", "0", "100", payments=2, credit_notes=1),
)
EMAILED = Story(
    "an invoice that is e-mailed",
    deliver_order_to_be_emailed,
    {"POST /invoices/:id/email", "finish"},
    ending("100", "0", "100", "0", emails=1),
)
RECEIPT = Story(
    "an expense with its receipt",
    lambda world, tag: world.deliver(expense_with_receipt(tag)),
    {"POST /expenses", "POST /expenses/:id/receipt", "finish"},
    replace(EXPENSE_ENDS, contacts=0, receipts=1),
)
STORIES = (PAYMENT, REFUND, PAID_BACK_MORE, REDUCTION, VOID, CREDITED, RESTORED, MADE_ROOM, EMAILED, RECEIPT)
# What just after one effect and just before the next leave behind is the same; a worker that lives on is another thing.
DANGERS = [
    *((story, Victim, "before") for story in STORIES),
    *((story, Unlucky, "after") for story in (REFUND, EMAILED, RECEIPT)),
]
WORDS = {Victim: "killed", Unlucky: "cut off"}


@pytest.mark.parametrize(
    ("story", "danger", "when"),
    [pytest.param(*each, id=f"{each[0].name}, {WORDS[each[1]]} {each[2]}") for each in DANGERS],
)
def test_whatever_effect_a_worker_is_stopped_at_all_is_done_once(world, story, danger, when):
    report = stop_everywhere(world, story, danger, when)

    assert report.wrongs == []
    assert report.met >= story.crucial

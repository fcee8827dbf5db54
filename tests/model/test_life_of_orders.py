"""Whatever happens to an order, and in whatever order, how often and how late it is told: the books end the same.

The platform's own figures are kept beside: what the order is worth, what was received for it and paid back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.model.world import World
from tests.orders import Order, figures

ZERO, PRICE = Decimal(0), Decimal(100)
AGAIN_SECONDS = 16 * 60
_histories = count(1)


@dataclass
class Platform:
    """What the platform holds of one order; every step gives what it would tell."""

    price: Decimal = PRICE
    edits: int = 0
    told: list[tuple[str, Callable[[Order], str]]] = field(default_factory=list)
    paid: Decimal = ZERO
    taken_off: Decimal = ZERO
    paid_back: Decimal = ZERO
    is_cancelled: bool = False

    def tell(self, what: str, how: Callable[[Order], str]) -> None:
        self.told.append((what, how))

    def edit(self, tens: int) -> None:
        """Makes the order dearer, while nothing else has happened to it."""
        if len(self.told) > 1 + self.edits:
            return
        self.price, self.edits = self.price + 10 * tens, self.edits + 1
        price, at = f"{self.price:.2f}", moment(self.edits)
        self.tell(f"now {price}", lambda order: order.updated(price=price, updated_at=at))

    def pay(self, share: int) -> None:
        """Receives a share of what is still owed, in tenths."""
        amount = part(self.price - self.taken_off - self.paid, share)
        if self.is_cancelled or amount <= 0:
            return
        self.paid += amount
        number = len(self.told)
        self.tell(f"paid {amount}", lambda order: order.paid(f"{amount:.2f}", str(number)))

    def refund(self, share: int) -> None:
        """Takes off a share of the order, in tenths, and pays back what was paid for it."""
        left = self.paid - self.paid_back if self.is_cancelled else self.price - self.taken_off
        amount = part(left, share)
        if amount <= 0:
            return
        back = min(amount, self.paid - self.paid_back)
        self.taken_off, self.paid_back = self.taken_off + amount, self.paid_back + back
        number = len(self.told)
        self.tell(
            f"refunded {amount}, {back} paid back",
            lambda order: order.refunded(f"{amount:.2f}", str(number), paid_back=f"{back:.2f}"),
        )

    def cancel(self) -> None:
        if not self.is_cancelled:
            self.is_cancelled = True
            at = moment(self.edits + 1)
            self.tell("cancelled", lambda order: order.cancelled(updated_at=at))

    @property
    def net(self) -> Decimal:
        return ZERO if self.is_cancelled else self.price - self.taken_off

    @property
    def cash(self) -> Decimal:
        return self.paid - self.paid_back


def moment(number: int) -> str:
    """When the order was in its so-manieth version."""
    return f"2026-03-14T10:{number:02}:00Z"


def part(amount: Decimal, tenths: int) -> Decimal:
    """So many tenths of an amount, in cents."""
    return (amount * tenths / 10).quantize(Decimal("0.01"))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.sampled_from([1, 3])),
        st.tuples(st.just("pay"), st.sampled_from([3, 10])),
        st.tuples(st.just("refund"), st.sampled_from([3, 10])),
        st.tuples(st.just("cancel"), st.just(0)),
    ),
    max_size=5,
)


def play(steps: list[tuple[str, int]]) -> Platform:
    platform = Platform()
    platform.tell("placed", lambda order: order.completed(updated_at=moment(0)))
    for name, share in steps:
        platform.cancel() if name == "cancel" else getattr(platform, name)(share)
    return platform


History = tuple["Platform", list[tuple[str, Callable[[Order], str], bool]]]


@st.composite
def deliveries(draw: st.DrawFn) -> History:
    """A history, and what is told of it in any order and some of it twice; True where a worker works in between."""
    platform = play(draw(STEPS))
    repeated = draw(st.lists(st.sampled_from(platform.told), max_size=2))
    told = draw(st.permutations(platform.told + repeated))
    return platform, [(what, tell, draw(st.booleans())) for what, tell in told]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=deliveries())
def test_any_order_of_telling_ends_in_the_platforms_figures(request: pytest.FixtureRequest, history: History) -> None:
    world: World = request.getfixturevalue("world")
    platform, told = history
    world.begin()
    desk, order = world.worker(), Order(world.hooks, order_id=f"history-{next(_histories)}")
    for what, tell, is_worked_on in told:
        note(what)
        tell(order)
        if is_worked_on:
            world.drain(desk)
    for _ in range(4):
        world.drain(desk)
        world.wait(AGAIN_SECONDS)

    events = list(world.ledger.events.list())
    note(str([(event.topic, event.state, event.error) for event in events]))
    parked = {event.error.code for event in events if event.error is not None}
    if parked and platform.edits and any(is_worked_on for *_, is_worked_on in told):
        # It was invoiced before it was changed: that a person has to see, and what follows from it.
        assert "conflict" in parked
        assert parked <= {"conflict", "payment_exceeds_invoice", "credit_exceeds_invoice"}
        return
    records = world.sandbox.records()
    books = figures(records, order.order_id)
    assert parked == set()
    assert (books.net, books.cash) == (platform.net, platform.cash)
    assert books.owed - books.credit == platform.net - platform.cash
    assert len([each for each in records["invoices"] if each["customer_name"] == order.order_id]) == 1

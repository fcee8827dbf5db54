"""Two workers at one business key, in every order of their steps: one document, no event lost, no write by the loser.

The leases of a worker that stands still end between any two of its steps, and time may pass until everything has
settled. What is sure about a worker that wakes up too late is its deadline, so the clock that cuts calls off follows.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.effects import Actor, Effect
from tests.model.machines import steady
from tests.model.players import Game, Player
from tests.model.world import KNOWN_BUYER, PRICE, ZERO, Ending, World, order
from tests.orders import Figures, Order

MOST_STEPS = 100
FEWEST_GAMES = 36


@dataclass(frozen=True)
class Meeting:
    """What two workers meet at; what the door has for them, which effects they meet by, what must stand in the end."""

    name: str
    prepare: Callable[[World, str], object]
    met_by: tuple[str, ...]
    ending: Ending

    def is_met_by(self, effect: Effect) -> bool:
        """Whether the order of this effect and another worker's may matter."""
        words = [effect.name, *(word for word in effect.words if isinstance(word, str))]
        return any(part in word for part in self.met_by for word in words)


def deliver_order(world: World, tag: str) -> None:
    world.deliver(order(tag, buyer=KNOWN_BUYER))


def deliver_two_versions(world: World, tag: str) -> None:
    deliver_order(world, tag)
    world.deliver(order(tag, buyer=KNOWN_BUYER, note="gift wrap, please"))


def deliver_two_orders_of_a_new_buyer(world: World, tag: str) -> None:
    world.deliver(order(tag))
    world.deliver(order(tag, id=f"{tag}b", name=f"#{tag}b"))


def deliver_payment_and_cancellation(world: World, tag: str) -> None:
    order = deliver_invoiced(world, tag)
    order.paid("100.00")
    order.cancelled()


def deliver_payment_and_refund(world: World, tag: str) -> None:
    order = deliver_invoiced(world, tag)
    order.paid("100.00")
    order.refunded("30.00")


def deliver_order_and_refund(world: World, tag: str) -> None:
    order = Order(world.hooks, order_id=tag)
    order.completed(payments=[{"id": f"{tag}-1", "amount": "100.00", "date": "2026-03-14"}])
    order.refunded("30.00")


def deliver_invoiced(world: World, tag: str) -> Order:
    order = Order(world.hooks, order_id=tag)
    order.completed()
    world.drain(world.worker())
    return order


def books(*amounts: str) -> Figures:
    return Figures(*map(Decimal, amounts))


OF_KNOWN_BUYER = Ending(contacts=0)
REFUNDED = Ending(books=books("70", "70", "0", "0"), credit_notes=1)
TWO_VERSIONS = Meeting(
    "two versions of an order", deliver_two_versions, ("begin", "/invoice", "finish"), OF_KNOWN_BUYER
)
ONE_EVENT = Meeting("an event that was taken back", deliver_order, ("begin", "/invoice", "finish"), OF_KNOWN_BUYER)
ONE_BUYER = Meeting(
    "two orders of a new buyer",
    deliver_two_orders_of_a_new_buyer,
    ("begin", "/contact", "finish"),
    Ending(documents=2, payments=2, books=Figures(net=2 * PRICE, cash=2 * PRICE, owed=ZERO, credit=ZERO)),
)
PAID_AND_CANCELLED = Meeting(
    "a payment and a cancellation",
    deliver_payment_and_cancellation,
    ("begin", "lock_order", " /", "bh:lease:standard/void", "finish"),
    Ending(books=books("0", "100", "0", "100"), credit_notes=1),
)
PAID_AND_REFUNDED = Meeting(
    "a payment and a refund", deliver_payment_and_refund, ("begin", "lock_order", "POST /", "finish"), REFUNDED
)
PLACED_AND_REFUNDED = Meeting(
    "an order and its refund",
    deliver_order_and_refund,
    ("begin", "lock_order", "SADD", "POST /", "leave_order", "finish"),
    REFUNDED,
)


class Lapses:
    """What may happen while a worker stands still."""

    @staticmethod
    def nothing(world: World) -> None: ...

    @staticmethod
    def leases_end(world: World) -> None:
        world.end_leases()

    @staticmethod
    def event_is_taken_back(world: World) -> None:
        world.wait(16)
        world.give_turns()

    @staticmethod
    def all_settles(world: World) -> None:
        world.wait(300)
        world.give_turns()


@pytest.fixture
def _calls_are_cut_off_by_the_tests_clock(clock, monkeypatch) -> None:
    """A worker that stood still while the clock moved finds the time for its call over, as it would."""
    began_at, monotonic = clock(), time.monotonic

    class Time:
        @staticmethod
        def monotonic() -> float:
            return monotonic() + clock() - began_at

    monkeypatch.setattr("zoho.transport.time", Time)


def begin_game(world: World, meeting: Meeting, tag: str, *, stops_at: Callable[[Effect], bool]) -> Game:
    world.begin()
    meeting.prepare(world, tag)
    first, second = (Player(name, lambda actor: take_job(world, actor), stops_at) for name in ("first", "second"))
    return Game(world, (first, second))


def take_job(world: World, actor: Actor) -> None:
    if world.has_job():
        world.work(actor)


def end_game(game: Game, meeting: Meeting, tag: str) -> list[str]:
    for player in game.players:
        game.finish(player)
    game.world.recover()
    records = game.world.sandbox.records()
    wrongs = game.world.find_wrongs(records, tag, meeting.ending)
    return [f"{wrong} ({game.told()})" for wrong in game.wrongs + wrongs]


CASES = [
    (TWO_VERSIONS, Lapses.nothing, Lapses.nothing),
    (TWO_VERSIONS, Lapses.leases_end, Lapses.leases_end),
    (TWO_VERSIONS, Lapses.all_settles, Lapses.nothing),
    (ONE_BUYER, Lapses.nothing, Lapses.nothing),
    (ONE_BUYER, Lapses.all_settles, Lapses.nothing),
    (ONE_EVENT, Lapses.event_is_taken_back, Lapses.nothing),
    (ONE_EVENT, Lapses.all_settles, Lapses.leases_end),
    (PAID_AND_CANCELLED, Lapses.leases_end, Lapses.nothing),
    (PAID_AND_CANCELLED, Lapses.leases_end, Lapses.leases_end),
    (PAID_AND_REFUNDED, Lapses.leases_end, Lapses.nothing),
    (PLACED_AND_REFUNDED, Lapses.nothing, Lapses.nothing),
    (PLACED_AND_REFUNDED, Lapses.all_settles, Lapses.nothing),
]


@pytest.mark.usefixtures("_calls_are_cut_off_by_the_tests_clock")
@pytest.mark.parametrize(
    ("meeting", "first_lapse", "second_lapse"),
    [pytest.param(*each, id=f"{each[0].name}, {each[1].__name__}, {each[2].__name__}") for each in CASES],
)
def test_in_every_order_with_two_switches_one_document_stands(world, meeting, first_lapse, second_lapse):
    """The first worker stands still after any step, the second after any other; then each goes on to its end."""
    wrongs, games = [], 0
    first_steps = is_first_through = 0
    while not is_first_through:
        first_steps += 1
        second_steps = is_second_through = 0
        while not is_second_through:
            second_steps += 1
            assert first_steps + second_steps < MOST_STEPS
            tag = f"t{games:04}"
            game = begin_game(world, meeting, tag, stops_at=meeting.is_met_by)
            is_first_through = game.go_on(game.players[0], first_steps)
            game.lapse(first_lapse)
            is_second_through = game.go_on(game.players[1], second_steps)
            game.lapse(second_lapse)
            wrongs += end_game(game, meeting, tag)
            games += 1

    assert wrongs == []
    assert games >= FEWEST_GAMES


MEETINGS = [TWO_VERSIONS, ONE_BUYER, ONE_EVENT, PAID_AND_CANCELLED, PAID_AND_REFUNDED]
MOVES = st.sampled_from(["first", "second"] * 6 + ["leases_end", "event_is_taken_back", "all_settles"])


@pytest.mark.usefixtures("_calls_are_cut_off_by_the_tests_clock")
@pytest.mark.parametrize("meeting", MEETINGS, ids=lambda meeting: meeting.name)
def test_in_any_order_one_document_stands(world, meeting):
    tags = (f"t{number:04}" for number in count())

    @steady(50)
    @given(st.lists(st.tuples(MOVES, st.integers(1, 12)), min_size=2, max_size=12))
    def play(moves):
        tag = next(tags)
        game = begin_game(world, meeting, tag, stops_at=lambda effect: True)
        players = {player.name: player for player in game.players}
        for move, times in moves:
            if move in players:
                game.go_on(players[move], times)
            else:
                game.lapse(getattr(Lapses, move))
        assert end_game(game, meeting, tag) == []

    play()

"""A crash between any two effects of the posting steps: in the end one document stands, and the ledger knows it."""

from collections.abc import Callable

import pytest

from tests.model.dangers import Story, die, stop_everywhere
from tests.model.effects import Unlucky, Victim
from tests.model.world import EXPENSE_ENDS, KNOWN_BUYER, Ending, World, command, expense, order


def deliver_order(world: World, tag: str) -> None:
    world.deliver(order(tag))


def deliver_first_order_ever(world: World, tag: str) -> None:
    """Nothing is known yet, not even a token; the sandbox gives out only so many of them."""
    world.redis.flushall()
    world.sandbox.reset()
    world.deliver(order(tag))


def deliver_second_version(world: World, tag: str) -> None:
    world.deliver(order(tag))
    world.drain(world.worker())
    world.deliver(order(tag, note="gift wrap, please"))


def deliver_second_version_while_the_first_is_in_doubt(world: World, tag: str) -> None:
    world.deliver(order(tag))
    die(world, at="POST /invoices", when="after")
    world.end_leases()
    world.deliver(order(tag, note="gift wrap, please"))


def deliver_order_of_a_namesake(world: World, tag: str) -> None:
    world.deliver(
        order(tag, customer={"first_name": KNOWN_BUYER, "last_name": "Lindqvist", "email": f"{tag}@example.com"})
    )


def try_order_of_a_namesake(world: World, tag: str) -> None:
    deliver_order_of_a_namesake(world, tag)
    world.drain(world.worker())
    world.wait(6)
    world.give_turns()


def leave_in_doubt(when: str, call: str) -> Callable[[World, str], None]:
    """A worker has died at the call, all has settled, and another is about to look."""

    def prepare(world: World, tag: str) -> None:
        world.deliver(order(tag))
        die(world, at=call, when=when)
        world.wait(300)
        world.give_turns()

    return prepare


FIRST_ORDER = Story(
    "the first order ever",
    deliver_first_order_ever,
    {
        "POST /oauth/v2/token",
        "begin",
        "claim_document",
        "POST /contacts",
        "intend",
        "POST /invoices",
        "conclude",
        "finish",
    },
)
VENDOR = Story(
    "a vendor's expense",
    lambda world, tag: world.deliver(expense(tag)),
    {"POST /contacts", "intend", "POST /expenses", "finish"},
    EXPENSE_ENDS,
)
SLACK = Story(
    "an expense from Slack",
    lambda world, tag: world.deliver(command(tag)),
    {"POST /expenses", "POST /_sandbox/slack", "finish"},
    Ending(kind="expense", contacts=0, payments=0, answers=1, books=None),
)
SECOND_VERSION = Story("a second version", deliver_second_version, {"claim_document", "finish"})
AFTER_OTHERS = [
    Story(
        "a second version of a doubtful order",
        deliver_second_version_while_the_first_is_in_doubt,
        {"conclude", "finish"},
    ),
    Story("the look for an invoice that is there", leave_in_doubt("after", "POST /invoices"), {"conclude"}),
    Story(
        "the look for an invoice that is not there",
        leave_in_doubt("before", "POST /invoices"),
        {"POST /invoices"},
    ),
    Story("the look for a contact that is there", leave_in_doubt("after", "POST /contacts"), {"conclude"}),
    Story(
        "the look for a contact that is not there",
        leave_in_doubt("before", "POST /contacts"),
        {"POST /contacts"},
    ),
    Story("an order of a namesake", deliver_order_of_a_namesake, {"POST /contacts", "write_document", "finish"}),
    Story("an order of a namesake, again", try_order_of_a_namesake, {"POST /contacts", "POST /invoices", "finish"}),
]
# What just after one effect and just before the next leave behind is the same.
DANGERS = [
    *((story, Victim, when) for story in (VENDOR, SLACK) for when in ("before", "after")),
    *((story, Victim, "before") for story in (FIRST_ORDER, SECOND_VERSION, *AFTER_OTHERS)),
    (FIRST_ORDER, Unlucky, "after"),
    *((SLACK, Unlucky, when) for when in ("before", "after")),
]
WORDS = {Victim: "killed", Unlucky: "cut off"}


@pytest.mark.parametrize(
    ("story", "danger", "when"),
    [pytest.param(*each, id=f"{each[0].name}, {WORDS[each[1]]} {each[2]}") for each in DANGERS],
)
def test_whatever_effect_a_worker_is_stopped_at_one_document_stands(world, story, danger, when):
    report = stop_everywhere(world, story, danger, when)

    assert report.wrongs == []
    assert report.met >= story.crucial
    assert len(report.silent) <= 1, report.silent

"""A crash between any two effects of the posting steps: in the end one document stands, and the ledger knows it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import pytest
import redis as redis_py

from tests.model.effects import Killed, Unlucky, Victim
from tests.model.world import KNOWN_BUYER, World, command, expense, order

MOST_EFFECTS = 150


@dataclass(frozen=True)
class Story:
    """What happens before the worker that is in danger takes the next job, and what must stand in the end."""

    name: str
    prepare: Callable[[World, str], object]
    crucial: set[str]
    kind: str = "invoice"
    has_contact: bool = True
    answers: int = 0


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


def die(world: World, *, at: str, when: str) -> None:
    with suppress(Killed):
        world.work(Victim(at=at, when=when))


FIRST_ORDER = Story(
    "the first order ever",
    deliver_first_order_ever,
    {"POST /oauth/v2/token", "begin", "claim_document", "POST /contacts", "POST /invoices", "release", "finish"},
)
VENDOR = Story(
    "a vendor's expense",
    lambda world, tag: world.deliver(expense(tag)),
    {"POST /contacts", "write_document", "POST /expenses", "finish"},
    kind="expense",
)
SLACK = Story(
    "an expense from Slack",
    lambda world, tag: world.deliver(command(tag)),
    {"POST /expenses", "POST /_sandbox/slack", "finish"},
    kind="expense",
    has_contact=False,
    answers=1,
)
SECOND_VERSION = Story("a second version", deliver_second_version, {"claim_document", "finish"})
AFTER_OTHERS = [
    Story(
        "a second version of a doubtful order",
        deliver_second_version_while_the_first_is_in_doubt,
        {"GET /invoices", "write_document", "finish"},
    ),
    Story("the look for an invoice that is there", leave_in_doubt("after", "POST /invoices"), {"GET /invoices"}),
    Story(
        "the look for an invoice that is not there",
        leave_in_doubt("before", "POST /invoices"),
        {"GET /invoices", "POST /invoices"},
    ),
    Story("the look for a contact that is there", leave_in_doubt("after", "POST /contacts"), {"GET /contacts"}),
    Story(
        "the look for a contact that is not there",
        leave_in_doubt("before", "POST /contacts"),
        {"GET /contacts", "POST /contacts"},
    ),
    Story("an order of a namesake", deliver_order_of_a_namesake, {"POST /contacts", "write_document", "finish"}),
    Story("an order of a namesake, again", try_order_of_a_namesake, {"POST /contacts", "POST /invoices", "finish"}),
]
# What just after one effect and just before the next leave behind is the same, so the second crash needs only one.
DANGERS = [
    *((story, Victim, when) for story in (FIRST_ORDER, VENDOR, SLACK, SECOND_VERSION) for when in ("before", "after")),
    *((story, Victim, "before") for story in AFTER_OTHERS),
    *((story, Unlucky, when) for story in (FIRST_ORDER, SLACK) for when in ("before", "after")),
]
WORDS = {Victim: "killed", Unlucky: "cut off"}


@pytest.mark.parametrize(
    ("story", "danger", "when"),
    [pytest.param(*each, id=f"{each[0].name}, {WORDS[each[1]]} {each[2]}") for each in DANGERS],
)
def test_whatever_effect_a_worker_is_stopped_at_one_document_stands(world, story, danger, when):
    wrongs, silent, met = [], [], set()
    for at in count():
        assert at < MOST_EFFECTS
        world.begin()
        tag = f"t{at:04}"
        story.prepare(world, tag)
        actor = danger(at=at, when=when)
        with suppress(Killed, redis_py.ConnectionError):
            world.work(actor)
        world.recover()
        records = world.sandbox.records()
        found = world.find_wrongs(records, tag, kind=story.kind, has_contact=story.has_contact)
        answers = sum(told["path"].endswith(tag) for told in records["slack"])
        found += [f"{answers} answers"] if answers > story.answers else []
        wrongs += [f"{when} {actor.met} (effect {at}): {wrong}" for wrong in found]
        if actor.met is None:
            break
        met.add(actor.met.name)
        silent += [str(actor.met)] if answers < story.answers else []

    assert wrongs == []
    assert met >= story.crucial
    assert len(silent) <= 1, silent

"""Stopping a worker at every effect of a job, one after another, and what is wrong once others have gone on."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

import redis as redis_py

from tests.model.effects import Killed, Victim
from tests.model.world import Ending, World

MOST_EFFECTS = 200


@dataclass(frozen=True)
class Story:
    """What happens before the worker that is in danger takes the next job, and what must stand in the end."""

    name: str
    prepare: Callable[[World, str], object]
    crucial: Collection[str]
    ending: Ending = field(default_factory=Ending)


@dataclass
class Report:
    """What was wrong in the end, which effects the worker was stopped at, and after which of them nobody was told."""

    wrongs: list[str] = field(default_factory=list)
    met: set[str] = field(default_factory=set)
    silent: list[str] = field(default_factory=list)


def stop_everywhere(world: World, story: Story, danger: type[Victim], when: str) -> Report:
    """Lives the story once for each effect of its worker, who is stopped there, and once undisturbed."""
    report = Report()
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
        found = world.find_wrongs(records, tag, story.ending)
        report.wrongs += [f"{when} {actor.met} (effect {at}): {wrong}" for wrong in found]
        if actor.met is None:
            return report
        report.met.add(_plain(actor.met.name))
        answers = sum(tag in told["path"].split("/") for told in records["slack"])
        report.silent += [str(actor.met)] if answers < story.ending.answers else []
    raise AssertionError("endless")


def die(world: World, *, at: str, when: str) -> None:
    """A worker dies at that effect of the next job."""
    with suppress(Killed):
        world.work(Victim(at=at, when=when))


def _plain(name: str) -> str:
    """The effect's name without the ids in it."""
    return "/".join(":id" if part.isdigit() else part for part in name.split("/"))

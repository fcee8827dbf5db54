"""Whatever a signed body holds, the door records it and a worker ends it: nothing crashes, nothing is lost."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.stand_ins import expect
from cli.workshop.damage import damage
from cli.workshop.signing import sign_as_it_is
from ingest.schemes import Request
from tests.scene import SOURCES, two_secrets

SEEDS = st.lists(st.integers(0, 2**32), min_size=1, max_size=30)
# Waiting is an end here: for an order that was never sent, or for a name that is looked for again.
ENDS = {"posted", "ignored", "parked", "rejected", "awaiting_approval", "waiting"}


def damaged(example, random):
    """The example with another body."""
    return replace(example, body=damage(example.body, example.received.media_type, random))


def unsigned(example):
    return Request(example.body, example.headers)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_damaged_bodies_are_recorded_and_end(name, hooks, worker):
    source, secret = SOURCES[name], two_secrets(SOURCES[name])[0]
    examples = [hooks.answering_here(example) for example in source.examples()]

    def send_one(seed):
        random = Random(seed)
        example = damaged(random.choice(examples), random)
        request = sign_as_it_is(source, example, secret, timestamp=hooks.clock())
        expect(hooks.sandbox_url, source, example)
        answer = hooks.send(name, request)
        # What its sender could not have signed is none of its sender's.
        assert answer.status_code in ((200, 202) if request != unsigned(example) else (401,))
        return answer

    @settings(max_examples=15, deadline=None)
    @given(SEEDS)
    def all_are_recorded_and_end(seeds):
        answers = [send_one(seed) for seed in seeds]
        worker.drain()

        assert worker.reported == []
        told = [answer.json for answer in answers]
        events = [worker.event(each["event_id"]) for each in told if each and "event_id" in each]
        assert {event.state for event in events} <= ENDS
        assert all(event.error and event.error.remedy for event in events if event.state == "parked")

    all_are_recorded_and_end()

"""Half a year of a small shop through the door of a demonstration, so that its console has something to show."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import requests

from cli.demo_shop import Told, half_a_year
from cli.examples import answering_at, find_example, sign
from cli.send import TIMEOUT_SECONDS
from cli.stage import Stage

DEADLINE_SECONDS = 60.0
POLL_SECONDS = 0.05
ENDED = ("posted", "ignored", "parked", "rejected", "awaiting_approval")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many events ended in each state, and a sentence for each that ended otherwise than was meant."""

    counts: Mapping[str, int]
    wrong: list[str]


def tell_half_a_year(stage: Stage) -> Outcome:
    """Delivers it all, what follows something once that has ended."""
    team = find_example(stage.deployment.sources, "slack/expense")
    meant: dict[str, str] = {}
    states: dict[str, str] = {}
    with requests.Session() as session:
        for told in half_a_year(datetime.now().astimezone().date(), team):
            meant |= {_deliver(stage, session, each): each.ends for each in told}
            states = _await_ends(stage, meant)
    wrong = [
        f"{name}: state is {states[name]!r}, not {state!r}" for name, state in meant.items() if states[name] != state
    ]
    return Outcome(Counter(states.values()), wrong)


def _deliver(stage: Stage, session: requests.Session, told: Told) -> str:
    """The id of the event it became; of one whose source has an answer of its own, that of the newest."""
    source, connection = stage.deployment.sources[told.example.source], stage.deployment.connections[told.connection]
    example = answering_at(source, told.example, f"{stage.sandbox_url}/_sandbox/slack/{told.connection}")
    request = sign(source, example, connection.secrets[0], timestamp=time.time())
    url = stage.web_url + request.target(connection.name)
    answer = session.post(url, data=request.body, headers=request.headers, timeout=TIMEOUT_SECONDS)
    answer.raise_for_status()
    return answer.json().get("event_id") or next(stage.ledger.events.list(connection=connection.name)).event_id


def _await_ends(stage: Stage, event_ids: Iterable[str]) -> dict[str, str]:
    """The state of each event when all have ended, or time is up."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        found = {event_id: stage.ledger.events.get(event_id) for event_id in event_ids}
        states = {event_id: event.state if event else "forgotten" for event_id, event in found.items()}
        if all(state in ENDED for state in states.values()) or time.monotonic() > deadline:
            return states
        time.sleep(POLL_SECONDS)

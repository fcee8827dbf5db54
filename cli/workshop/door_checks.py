"""What every source keeps to at the door: who is let in, and what a damaged body comes to."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from cli.workshop.cases import find_outcome
from cli.workshop.damage import damage
from cli.workshop.signing import NOW, PUBLIC_URL, covers, made_secret, sign_as_it_is, window_seconds
from cli.workshop.trial import Complaint, Complaints, Trial
from config.connection import Connection
from errors import Refused
from ingest.door import Door
from ingest.schemes import Request
from mappings import Example, Received, Source

ORGANIZATION = "10000001"
DAMAGED_BODIES = 100
LET_IN = "let in"
_LOOK = "Look at `verify` and `handshakes` in mapping.yaml."
_WRONG_TYPE = "Add its Content-Type to `accepts` in mapping.yaml, or correct it in the example."


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A request to a source's door, in words, and what it must be answered."""

    door: Door
    what: str
    request: Request
    expected: str


def check_signatures(trial: Trial) -> Complaints:
    """What is signed is let in, by each of two secrets; what is unsigned, forged, altered or stale is not."""
    first, second = made_secret(trial.source), made_secret(trial.source, 1)
    doors = _open_door(trial.source, first), _open_door(trial.source, first, second)
    for example in trial.examples:
        for attempt in _attempts(trial.source, example, *doors):
            answer = _answer(attempt.door, trial.source, attempt.request)
            if answer != attempt.expected:
                told = f"{attempt.what} it is answered {answer}, not {attempt.expected}"
                yield Complaint(example.case, told, _WRONG_TYPE if answer == "wrong_type" else _LOOK)


def _attempts(source: Source, example: Example, door: Door, rotating: Door) -> Iterator[_Attempt]:
    """At a door that takes the first secret, and at one that takes the second as well."""
    signed, by_second = (sign_as_it_is(source, example, made_secret(source, number)) for number in range(2))
    yield _Attempt(rotating, "signed", signed, LET_IN)
    yield _Attempt(rotating, "signed with the second secret", by_second, LET_IN)
    yield _Attempt(rotating, "unsigned", Request(example.body, example.headers), "missing_signature")
    yield _Attempt(door, "forged", by_second, "bad_signature")
    altered = replace(example, body=example.body + b" ")
    if covers(source, example, altered):
        yield _Attempt(rotating, "altered", signed._replace(body=altered.body), "bad_signature")
    if window := window_seconds(source, example):
        for what, age in (("replayed later", window + 1), ("dated ahead", -window - 1)):
            stale = sign_as_it_is(source, example, made_secret(source), timestamp=NOW - age)
            yield _Attempt(rotating, what, stale, "stale_signature")


def check_damaged(trial: Trial) -> Complaints:
    """Whatever is wrong with a body, it is refused, ignored, posted, or left to a person with a reason."""
    secret = made_secret(trial.source)
    door = _open_door(trial.source, secret)
    random = Random(trial.source.name)  # noqa: S311  the same bodies each time, and none of them secret
    for number in range(DAMAGED_BODIES if trial.examples else 0):
        example = trial.examples[number % len(trial.examples)]
        damaged = replace(example, body=damage(example.body, example.received.media_type, random))
        try:
            _answer(door, trial.source, sign_as_it_is(trial.source, damaged, secret))
            find_outcome(trial.source, damaged)
        except Exception as error:  # whatever it is, it is what is looked for
            what = f"damaged body number {number} is not answered: {type(error).__name__}: {error}"
            yield Complaint(example.case, what, "This is a fault in Bookhook: report it with the folder.")


def _open_door(source: Source, *secrets: str) -> Door:
    """The door of a deployment of one source."""
    connection = Connection(name=source.name, source=source.name, secrets=secrets, organization_id=ORGANIZATION)
    return Door({source.name: source}, {source.name: connection}, PUBLIC_URL)


def _answer(door: Door, source: Source, request: Request) -> str:
    """The code of the refusal, or that it is let in."""
    received = Received(request.body, request.headers)
    try:
        door.admit(door.connection(source.name), received, now=NOW, token=request.token, query=request.query)
    except Refused as refusal:
        return refusal.code
    return LET_IN

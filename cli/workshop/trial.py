"""One source on trial: its examples as far as they can be read, and what comes of each, found out once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.workshop.cases import find_outcome
from mappings import Example, Source
from mappings.describing import read_cases


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a source, where (a file or an example), and what to do about it."""

    where: str
    what: str
    remedy: str


Complaints = Iterator[Complaint]


@dataclass(frozen=True, slots=True)
class Trial:
    """A source, its examples, why others cannot be read, and the outcome of each case."""

    source: Source
    examples: tuple[Example, ...]
    unreadable: Mapping[str, str]
    outcomes: Mapping[str, Mapping[str, Any]]


def try_source(source: Source) -> Trial:
    """The source on trial, as its folder is now."""
    examples, unreadable = read_cases(source)
    outcomes = {example.case: find_outcome(source, example) for example in examples}
    return Trial(source, tuple(examples), unreadable, outcomes)

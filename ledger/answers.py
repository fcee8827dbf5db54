"""What people answered about names that Zoho does not know.

bh:answers:<connection>   hash   by the key of a question (errors.Question): JSON {"word", "name", "by", "at"}; kept
                                 until a person takes it back

A worker is given them as it begins on an event (begin.lua), so an answer counts at once and costs no round trip.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from redis import Redis

from errors import Question, Subject
from ledger.records import Event, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the word of a question is called in Zoho (`name`), by whom and when that was said."""

    connection: str
    question: Question
    name: str
    by: str
    at: str

    def as_json(self) -> dict[str, str]:
        """The shape that pages show."""
        return {
            "connection": self.connection,
            "about": self.question.about,
            "word": self.question.word,
            "name": self.name,
            "by": self.by,
            "at": self.at,
        }


class Answers:
    """The answers of every connection; each counts from the next event on that a worker begins with."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._clock = clock

    def give(self, connection: str, question: Question, *, name: str, by: str) -> None:
        """Keeps an answer in place of any other to the question."""
        told = {"word": question.word, "name": name, "by": by, "at": moment(self._clock())}
        self._redis.hset(_key(connection), question.key, json.dumps(told))

    def take_back(self, connection: str, question: Question) -> bool:
        """Forgets an answer; False when there is none."""
        return bool(self._redis.hdel(_key(connection), question.key))

    def of(self, connection: str) -> list[Answer]:
        """The answers of a connection, by subject and word."""
        kept = cast("dict[bytes, bytes]", self._redis.hgetall(_key(connection)))
        return [_answer(connection, key.decode(), value) for key, value in sorted(kept.items())]

    def with_answers(self, event: Event) -> Event:
        """The event as a worker would be given it now."""
        return replace(event, answers={answer.question.key: answer.name for answer in self.of(event.connection)})


def names(flat: Sequence[bytes]) -> Mapping[str, str]:
    """The names in Zoho by the keys of the questions, of a hash as a step gives it."""
    return {key.decode(): json.loads(value)["name"] for key, value in zip(flat[::2], flat[1::2], strict=True)}


def _answer(connection: str, key: str, value: bytes) -> Answer:
    told = json.loads(value)
    question = Question(about=cast(Subject, key.partition("/")[0]), word=told["word"])
    return Answer(connection=connection, question=question, name=told["name"], by=told["by"], at=told["at"])


def _key(connection: str) -> str:
    return f"bh:answers:{connection}"

"""Everything a worker does to the world, one effect after another: each Redis command or script, each HTTP request.

A worker that runs `as_actor(actor)` has every effect performed by its actor, which may have it wait, die or fail,
before or after. Commands of a pipeline that is no transaction are effects of their own: others may come between.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
import redis
import requests
from redis.client import Pipeline

import ledger
import zoho
from config.quick_redis import Client

SLACK = "/_sandbox/slack"
# Of the commands and scripts that the workers use.
READS = {"look", "stored"} | frozenset(
    ["GET", "HGET", "HGETALL", "HMGET", "HEXISTS", "EXISTS", "SMEMBERS", "LRANGE", "ZRANGE", "ZCARD", "ZSCORE"]
)


class Killed(BaseException):
    """Ends a worker as kill -9 would: whatever it still tries to do, even in its `finally`, does not happen."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect: the name of a script or command, or method and path; `words` are a command with its arguments."""

    name: str
    words: tuple[Any, ...] = ()
    is_http: bool = False

    def __str__(self) -> str:
        return self.name

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing."""
        return self.name in READS or self.name.startswith("GET /")


class Actor(Protocol):
    """Who performs the effects of a worker."""

    def perform(self, effect: Effect, act: Callable[[], Any]) -> Any:
        """What `act` gives, called or not."""


_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)


@contextmanager
def as_actor(actor: Actor) -> Iterator[None]:
    """Has the actor perform the effects of what runs inside, in this thread."""
    before = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(before)


def show_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts the actors between the clients of Redis and HTTP and the world."""
    command, request = Client.execute_command, requests.Session.send
    execute = Pipeline.execute

    def run_command(client: Client, *words: Any, **options: Any) -> Any:
        return _perform(_command(words), lambda: command(client, *words, **options))

    def run_pipeline(pipeline: Pipeline, raise_on_error: bool = True) -> Any:
        stack = list(pipeline.command_stack)
        if _actor.get() is None or pipeline.transaction or pipeline.explicit_transaction:
            names = "+".join(str(_command(words)) for words, _ in stack)
            return _perform(Effect(f"MULTI {names}"), lambda: execute(pipeline, raise_on_error))
        pipeline.reset()
        client = Client(connection_pool=pipeline.connection_pool)
        answers = [_answer_or_refusal(run_command, client, words, options) for words, options in stack]
        if raise_on_error:
            pipeline.raise_first_error(stack, answers)
        return answers

    def run_request(session: requests.Session, prepared: requests.PreparedRequest, **options: Any) -> Any:
        path = urlsplit(prepared.url or "").path.removeprefix("/books/v3")
        name = f"{prepared.method} {SLACK if path.startswith(SLACK) else path}"
        return _perform(Effect(name, is_http=True), lambda: request(session, prepared, **options))

    monkeypatch.setattr(Client, "execute_command", run_command)
    monkeypatch.setattr(Pipeline, "execute", run_pipeline)
    monkeypatch.setattr(requests.Session, "send", run_request)


def _perform(effect: Effect, act: Callable[[], Any]) -> Any:
    actor = _actor.get()
    return act() if actor is None else actor.perform(effect, act)


def _answer_or_refusal(run: Callable[..., Any], client: Client, words: Any, options: Any) -> Any:
    try:
        return run(client, *words, **options)
    except redis.ResponseError as refusal:
        return refusal


def _command(words: tuple[Any, ...]) -> Effect:
    if words[0] == "EVALSHA":
        return Effect(_script_names().get(words[1], "script"), words)
    return Effect(str(words[0]), words)


@cache
def _script_names() -> dict[str, str]:
    """The names of all scripts by the digest Redis knows them by."""
    steps, others = Path(ledger.__file__).parent, Path(zoho.__file__).parent
    shared = (steps / "shared.lua").read_text()
    texts = {file.stem: shared + file.read_text() for file in steps.glob("*.lua")}
    texts |= {file.stem: file.read_text() for file in others.glob("*.lua")}
    return {hashlib.sha1(text.encode()).hexdigest(): name for name, text in texts.items()}  # noqa: S324  Redis's choice


@dataclass
class Witness:
    """Performs everything and remembers it."""

    seen: list[Effect] = field(default_factory=list)

    def perform(self, effect: Effect, act: Callable[[], Any]) -> Any:
        self.seen.append(effect)
        return act()


@dataclass
class Victim(Witness):
    """Dies at one effect, a name or a number from 0: just before it, or just after with its answer unread.

    Not at what changes nothing: its death there leaves behind what its death at the next change does.
    """

    at: int | str = 0
    when: str = "before"
    met: Effect | None = None

    def perform(self, effect: Effect, act: Callable[[], Any]) -> Any:
        if self.is_over():
            raise Killed
        if self.does_not_mind(effect):
            return act()
        self.seen.append(effect)
        if self.met is not None or self.at not in (len(self.seen) - 1, effect.name):
            return act()
        self.met = effect
        if self.when == "after":
            act()
        raise self.trouble(effect)

    def is_over(self) -> bool:
        """Whether it can do nothing any more."""
        return self.met is not None

    def does_not_mind(self, effect: Effect) -> bool:
        """Whether it makes no difference to be stopped there."""
        return effect.is_read

    def trouble(self, effect: Effect) -> BaseException:
        """What the worker meets there."""
        return Killed()


class Unlucky(Victim):
    """Lives on, but at that effect its connection breaks: before anything was sent, or before the answer came."""

    def is_over(self) -> bool:
        return False

    def does_not_mind(self, effect: Effect) -> bool:
        return False

    def trouble(self, effect: Effect) -> BaseException:
        return requests.ConnectionError() if effect.is_http else redis.ConnectionError()

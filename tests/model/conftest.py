"""Workers whose every effect is seen, over a real Redis and the real sandbox."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from tests.model.effects import show_effects
from tests.model.world import World


@pytest.fixture(autouse=True)
def _effects_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    show_effects(monkeypatch)


@pytest.fixture(autouse=True)
def _nothing_is_logged() -> Iterator[None]:
    """Thousands of runs would fill the report."""
    with capture_logs():
        yield


@pytest.fixture(autouse=True)
def _redis_answers_without_the_disk(redis) -> Iterator[None]:
    """Thousands of runs would wait for the disk; no test here restarts Redis."""
    [before] = redis.config_get("appendfsync").values()
    redis.config_set("appendfsync", "no")
    yield
    redis.config_set("appendfsync", before)


@pytest.fixture
def world(redis, sandbox, hooks, clock, deployment) -> World:
    return World(redis, sandbox, hooks, clock, deployment)

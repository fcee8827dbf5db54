"""The Lua steps of this folder, each atomic, loaded with the functions they share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from redis import Redis
from redis.commands.core import Script
from redis.exceptions import NoScriptError

Step = Callable[..., Any]
Call = tuple[Sequence[str | bytes], Sequence[str | bytes | int | float]]
"""The keys and the arguments of one run of a step."""


def load(redis: Redis, name: str) -> Step:
    """The step in ledger/<name>.lua, called with `keys=` and `args=`; what Redis answers comes back as it is."""
    return _script(redis, name)


def _script(redis: Redis, name: str) -> Script:
    folder = Path(__file__).parent
    return redis.register_script((folder / "shared.lua").read_text() + (folder / f"{name}.lua").read_text())


class Batch:
    """The step in ledger/<name>.lua, run many times in one round trip, each run atomic by itself."""

    def __init__(self, redis: Redis, name: str) -> None:
        self._redis = redis
        self._script = _script(redis, name)

    def __call__(self, calls: Sequence[Call]) -> list[Any]:
        """What Redis answers to each call; where it refuses one, its ResponseError."""
        answers = self._send(calls)
        unknown = [call for call, answer in zip(calls, answers, strict=True) if isinstance(answer, NoScriptError)]
        if not unknown:
            return answers
        self._redis.script_load(self._script.script)
        again = iter(self._send(unknown))
        return [next(again) if isinstance(answer, NoScriptError) else answer for answer in answers]

    def _send(self, calls: Sequence[Call]) -> list[Any]:
        with self._redis.pipeline(transaction=False) as pipeline:
            for keys, args in calls:
                pipeline.evalsha(self._script.sha, len(keys), *keys, *args)
            return pipeline.execute(raise_on_error=False)

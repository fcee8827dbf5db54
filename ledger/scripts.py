"""The Lua steps of this folder, each atomic, loaded with the functions they share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from redis import Redis

Step = Callable[..., Any]


def load(redis: Redis, name: str) -> Step:
    """The step in ledger/<name>.lua, called with `keys=` and `args=`; what Redis answers comes back as it is."""
    folder = Path(__file__).parent
    return redis.register_script((folder / "shared.lua").read_text() + (folder / f"{name}.lua").read_text())

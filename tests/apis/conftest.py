"""What the tests against stand-ins share: sources made of steps, and a way to ask for what they need."""

from collections.abc import Callable

import pytest

from config.connection import Connection
from mappings import Options, Received, Source, load_sources
from outbound import Apis
from tests.apis.platform import KEY, Platform
from tests.mappings.conftest import MINIMAL
from worker.fetching import Fetching, address

Load = Callable[[str], Source]


@pytest.fixture
def load(tmp_path) -> Load:
    """A source with these apis and steps."""

    def load(text: str) -> Source:
        apis, steps = text.split("fetch:\n")
        folder = tmp_path / "own" / "shop"
        folder.mkdir(parents=True)
        whole = MINIMAL.replace("events:\n", f"{apis}\nevents:\n", 1).replace("order:{id}", "order:{type}", 1)
        whole = whole.replace("    contact:\n", f"    fetch:\n{steps}\n    contact:\n", 1)
        (folder / "mapping.yaml").write_text(whole)
        return load_sources(folder.parent)["shop"]

    return load


def fetch(source: Source, platform: Platform, received: Received, *, key: str = KEY, topic: str = "paid"):
    """What the source's steps give, asked of the stand-in over HTTP."""
    [host] = source.hosts().values()
    connection = Connection(
        name="c", source=source.name, secrets=("s",), organization_id="1", apis={host or "": platform.origin}
    )
    keys, apis = dict.fromkeys(source.credentials(), key), Apis(None)
    fetching = Fetching(lambda call, _: apis.ask(address(call, connection, keys, caller="test")))
    return fetching.go_through(source.fetching(received, Options(), topic=topic))

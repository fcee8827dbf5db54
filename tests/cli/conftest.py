"""Commands as people type them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import bookhook


@pytest.fixture
def run(environ, redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command in an empty folder with the settings of the test."""
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str, env: Mapping[str, str] = environ) -> Result:
        return CliRunner().invoke(bookhook, words, env={**dict.fromkeys(environ), **env})

    return invoke

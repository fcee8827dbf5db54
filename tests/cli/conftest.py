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

    def invoke(*words: str, env: Mapping[str, str] = environ, typed: str | None = None) -> Result:
        """`typed` is what somebody types who sits at a terminal."""
        for command in ("undo", "retry"):
            monkeypatch.setattr(f"cli.{command}.is_at_terminal", lambda: typed is not None)
        return CliRunner().invoke(bookhook, words, env={**dict.fromkeys(environ), **env}, input=typed)

    return invoke

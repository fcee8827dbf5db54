"""Workers whose every effect is seen, over a real Redis and the real sandbox."""

import pytest

from tests.model.effects import show_effects


@pytest.fixture(autouse=True)
def _effects_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    show_effects(monkeypatch)

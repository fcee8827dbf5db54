import pytest

from tests.ingest.machine import (
    Disk,
    Machine,
)


@pytest.fixture
def machine(tmp_path, deployment, clock, sandbox):
    machine = Machine(tmp_path, deployment, clock, sandbox.url)
    yield machine
    machine.close()


@pytest.fixture
def intake(machine):
    return machine.intake()


@pytest.fixture
def no_folder(machine):
    """A spool where no folder can be: nothing can be written, not even by root."""
    machine.folder.parent.mkdir(exist_ok=True)
    machine.folder.write_text("a file")
    return machine


@pytest.fixture
def disk(machine, monkeypatch):
    return Disk(monkeypatch, machine.folder)

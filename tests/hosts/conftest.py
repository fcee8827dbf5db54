"""The network and all that runs in it; where no namespaces can be made it is skipped at home, and fails in CI."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.plant import plant
from tests.hosts.network import Network, NoNetwork, connected
from tests.hosts.stage import HOSTS, Stage, set_stage


@pytest.fixture(scope="session", autouse=True)
def _networks_are_possible() -> None:
    try:
        with connected(Network(HOSTS, zoho="zoho")):
            pass
    except NoNetwork as reason:
        if os.environ.get("CI"):
            pytest.fail(f"network namespaces are needed here: {reason}")
        pytest.skip(f"needs network namespaces: {reason}")


@pytest.fixture
def network() -> Iterator[Network]:
    """All hosts, with all cables in; the test stands at the hub."""
    made = Network(HOSTS, zoho="zoho")
    with connected(made):
        yield made


@pytest.fixture
def stage(network: Network, tmp_path: Path) -> Iterator[Stage]:
    """Everything up; with PLANT in the environment, a bug is planted in what is run."""
    code = tmp_path / "code"
    code.mkdir()
    with set_stage(network, tmp_path, code=plant(os.environ.get("PLANT") or None, code)) as running:
        yield running

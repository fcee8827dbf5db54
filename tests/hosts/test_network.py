"""The hosts themselves: that a pulled cable cuts, that nobody else notices, and that nothing is left."""

import socket
import subprocess
import sys
from pathlib import Path

from tests.chaos.plant import ROOT
from tests.e2e.conftest import until
from tests.hosts.network import ZOHO_ADDRESS, namespaces_of, remove_leftovers, standing_in

BUILD_AND_HANG = """
import threading
from tests.hosts.network import Network, connected
with connected(Network({"redis": ["inner"], "zoho": ["outer"]}, zoho="zoho")):
    print("built", flush=True)
    threading.Event().wait()
"""


def reaches(address, port):
    try:
        socket.create_connection((address, port), timeout=0.3).close()
    except OSError:
        return False
    return True


def test_a_host_whose_cable_is_out_is_silent_until_it_is_back(network):
    with standing_in("redis"), socket.create_server(("0.0.0.0", 6379)):  # noqa: S104  every address of this host alone
        address = network.address("redis", "inner")
        with standing_in("worker-b"):
            assert reaches(address, 6379)
            with standing_in("hub"):
                network.cut("worker-b", "inner")
            assert not reaches(address, 6379)
            with standing_in("worker-a"):
                assert reaches(address, 6379)
            network.mend("worker-b", "inner")
            until(lambda: reaches(address, 6379), "worker-b is back")


def test_every_host_but_redis_reaches_zoho_at_its_loopback_address_and_only_over_the_outer_switch(network):
    with standing_in("zoho"):
        zoho = socket.create_server((ZOHO_ADDRESS, 8099))
    with zoho:
        assert reached_from("hub", "web-1", "worker-b") == [True] * 3
        assert reached_from("redis") == [False]
        network.cut("worker-b", "outer")
        assert reached_from("worker-b", "worker-a") == [False, True]


def reached_from(*hosts):
    found = []
    for host in hosts:
        with standing_in(host):
            found.append(reaches(ZOHO_ADDRESS, 8099))
    return found


def test_the_machines_own_network_sees_nothing_of_it(network):
    listed = Path("/proc/1/net/dev").read_text()

    assert "worker-b" not in listed
    assert "inner" not in listed
    assert "worker-b-inner" in Path("/proc/thread-self/net/dev").read_text()


def test_what_a_killed_run_left_is_removed_by_the_next():
    killed = subprocess.Popen([sys.executable, "-c", BUILD_AND_HANG], cwd=ROOT, stdout=subprocess.PIPE)
    assert killed.stdout is not None
    with killed.stdout as said:
        assert said.readline() == b"built\n"
    killed.kill()
    killed.wait()
    assert len(namespaces_of(killed.pid)) == 3

    remove_leftovers()

    assert namespaces_of(killed.pid) == []

"""Hosts of a test's own: network namespaces with a cable to each of two switches, which a test pulls out.

    inner  10.77.0.0/24   where Redis is
    outer  10.78.0.0/24   where Zoho is, and where webhooks come from

The switches are bridges in one more namespace, the hub, where the test itself stands: the machine's own network sees
nothing of it. Zoho is spoken to in plain http, which is for loopback addresses only; so it has one, which the hosts
route over the outer switch instead of keeping it to themselves (`route_localnet`, see
docs.kernel.org/networking/ip-sysctl.html).

Namespaces are named after the process that made them; what a killed one left is removed by the next.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

IP = shutil.which("ip", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
SWITCHES = {"inner": "10.77.0", "outer": "10.78.0"}
HUB = "hub"
ZOHO_ADDRESS = "127.99.0.1"
NAMESPACES = Path("/var/run/netns")
NAME = re.compile(r"bookhook-(?P<maker>[0-9]+)-[a-z0-9-]+")
CLONE_NEWNET = 0x40000000


class NoNetwork(Exception):
    """Raised where namespaces cannot be made; says why."""


class Network:
    """The hosts and their cables; `hosts` says which switches each is connected to."""

    def __init__(self, hosts: Mapping[str, Sequence[str]], *, zoho: str) -> None:
        self._cables = {host: tuple(switches) for host, switches in hosts.items()}
        self._numbers = {host: number for number, host in enumerate(hosts, 2)}
        self._zoho = zoho

    def address(self, host: str, switch: str) -> str:
        """The host's address on a switch."""
        return f"{SWITCHES[switch]}.{self._numbers[host]}"

    def command_in(self, host: str, *command: str) -> list[str]:
        """The command, to be run on a host."""
        return [str(IP), "netns", "exec", _namespace(host), *command]

    def cut(self, host: str, *switches: str) -> None:
        """Pulls the host's cables to these switches: what is sent is lost, nobody is told."""
        self._set(host, switches, "down")

    def mend(self, host: str, *switches: str) -> None:
        """Puts the cables back."""
        self._set(host, switches, "up")

    def _set(self, host: str, switches: Sequence[str], state: str) -> None:
        for switch in switches:
            _ip("-n", _namespace(HUB), "link", "set", _cable(host, switch), state)

    def build(self) -> None:
        """Makes everything, with all cables in."""
        for host in (HUB, *self._cables):
            _ip("netns", "add", _namespace(host))
            _ip("-n", _namespace(host), "link", "set", "lo", "up")
            with standing_in(host):
                Path("/proc/sys/net/ipv4/conf/all/route_localnet").write_text("1")
        for switch, net in SWITCHES.items():
            _ip("-n", _namespace(HUB), "link", "add", switch, "type", "bridge")
            _bring_up(HUB, switch, f"{net}.1")
        for host, switches in self._cables.items():
            for switch in switches:
                self._connect(host, switch)
        for host, switches in {HUB: ("outer",), **self._cables}.items():
            if host != self._zoho and "outer" in switches:
                self._route_to_zoho(host)

    def _connect(self, host: str, switch: str) -> None:
        cable, hub = _cable(host, switch), ("-n", _namespace(HUB))
        _ip(*hub, "link", "add", cable, "type", "veth", "peer", "name", switch, "netns", _namespace(host))
        _ip(*hub, "link", "set", cable, "master", switch, "up")
        _bring_up(host, switch, self.address(host, switch))

    def _route_to_zoho(self, host: str) -> None:
        here = ("-n", _namespace(host))
        _ip(*here, "addr", "del", "127.0.0.1/8", "dev", "lo")
        _ip(*here, "addr", "add", "127.0.0.1/32", "dev", "lo")
        _ip(*here, "route", "add", f"{ZOHO_ADDRESS}/32", "via", self.address(self._zoho, "outer"))


@contextmanager
def connected(network: Network) -> Iterator[None]:
    """Builds the network and has this thread, and those it starts, stand at its hub; nothing is left of it afterwards.

    Raises NoNetwork where that is not possible.
    """
    remove_leftovers()
    try:
        try:
            network.build()
        except OSError as error:
            raise NoNetwork(str(error)) from error
        with standing_in(HUB):
            yield
    finally:
        _remove(namespaces_of(os.getpid()))


@contextmanager
def standing_in(host: str) -> Iterator[None]:
    """Has this thread, and those it starts, stand on a host."""
    with Path("/proc/thread-self/ns/net").open() as home, (NAMESPACES / _namespace(host)).open() as there:
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(home.fileno())


def remove_leftovers() -> None:
    """Removes, with all that runs there, the namespaces whose maker is gone."""
    if IP is None:
        raise NoNetwork("there is no `ip` (package iproute2)")
    if os.geteuid() != 0:
        raise NoNetwork("only root makes network namespaces")
    makers = {int(found["maker"]) for path in NAMESPACES.glob("*") if (found := NAME.fullmatch(path.name))}
    for maker in makers:
        if not Path(f"/proc/{maker}").exists():
            _remove(namespaces_of(maker))


def namespaces_of(maker: int) -> list[str]:
    """The namespaces that are there of the process with this id."""
    return [path.name for path in NAMESPACES.glob(f"bookhook-{maker}-*")]


def _remove(namespaces: Sequence[str]) -> None:
    for name in namespaces:
        for pid in _ip("netns", "pids", name).split():
            if int(pid) != os.getpid():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
        _ip("netns", "del", name)


def _namespace(host: str) -> str:
    return f"bookhook-{os.getpid()}-{host}"


def _cable(host: str, switch: str) -> str:
    return f"{host}-{switch}"


def _bring_up(host: str, interface: str, address: str) -> None:
    _ip("-n", _namespace(host), "addr", "add", f"{address}/24", "dev", interface)
    _ip("-n", _namespace(host), "link", "set", interface, "up")


def _enter(namespace: int) -> None:
    """As os.setns, which Python 3.11 does not have."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _ip(*words: str) -> str:
    ran = subprocess.run([str(IP), *words], capture_output=True, text=True)
    if ran.returncode:
        raise NoNetwork(f"`ip {' '.join(words)}` says: {ran.stderr.strip()}")
    return ran.stdout
